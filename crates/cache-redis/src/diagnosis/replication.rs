//! Replicas and clusters.

use cache_core::{Finding, FindingCode as Code, Severity};

use crate::info::{Info, part};

/// A replica that answered longer ago lags, in seconds. They answer every second.
const LONGEST_LAG: u64 = 10;

const SLOTS: u64 = 16_384;

pub(super) fn look(info: &Info) -> Vec<Finding> {
    if info.is("role", "slave") {
        return of_replica(info);
    }
    let lags = info.numbered("slave").filter_map(|replica| part::<u64>(replica, "lag"));
    let late: Vec<u64> = lags.filter(|&lag| lag > LONGEST_LAG).collect();
    late.iter().max().map(|&seconds| lagging(seconds, late.len() as u64)).into_iter().collect()
}

fn lagging(seconds: u64, replicas: u64) -> Finding {
    let what = format!("{replicas} replicas lag, the slowest {seconds} s");
    let to_do = "look at the network and the load of the replicas; what was written since is lost \
                 when the primary fails";
    let finding = Finding::new(Code::ReplicaLags, Severity::Warning, what, to_do);
    finding.with("replicas", replicas).with("seconds", seconds)
}

fn of_replica(info: &Info) -> Vec<Finding> {
    let what = "the server is a replica, and takes no writes";
    let to_do = "connect to its primary";
    let mut findings = vec![Finding::new(Code::IsReplica, Severity::Problem, what, to_do)];
    if info.is("master_link_status", "down") {
        let seconds = info.number("master_link_down_since_seconds").unwrap_or(0);
        let what = format!("the replica has lost its primary, for {seconds} s");
        let to_do = "look whether the primary runs and can be reached from it";
        let finding = Finding::new(Code::PrimaryLost, Severity::Problem, what, to_do);
        findings.push(finding.with("seconds", seconds));
    }
    findings
}

/// Slots of a cluster that nobody serves.
pub(crate) fn unserved(slots: u64) -> Option<Finding> {
    let served = SLOTS.saturating_sub(slots);
    let what = format!("the cluster serves {served} of {SLOTS} slots; keys in others fail");
    let to_do = "look at CLUSTER NODES for nodes that failed, and redis-cli --cluster check";
    let finding = Finding::new(Code::SlotsMissing, Severity::Problem, what, to_do);
    (slots > 0).then(|| finding.with("slots", served))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_replica_is_told() {
        let info = |lags: &[u64]| {
            let mut text = format!("role:master\r\nconnected_slaves:{}\r\n", lags.len());
            for (i, lag) in lags.iter().enumerate() {
                text +=
                    &format!("slave{i}:ip=127.0.0.1,port=1,state=online,offset=9,lag={lag}\r\n");
            }
            Info::new(text + "slaves:x,lag=99\r\n")
        };
        assert!(look(&info(&[])).is_empty() && look(&info(&[0, 1, 10])).is_empty());
        let found = look(&info(&[0, 11, 40]));
        assert_eq!(found[0].code, Code::ReplicaLags);
        assert_eq!((found[0].number("replicas"), found[0].number("seconds")), (Some(2), Some(40)));
    }
}
