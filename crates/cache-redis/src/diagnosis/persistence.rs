//! What the server writes to its disk.

use cache_core::{Finding, FindingCode as Code, Severity};

use crate::info::Info;

/// A fork that stops the server for longer, in microseconds, is felt.
const LONGEST_FORK: u64 = 200_000;

/// What to do when forking takes long.
pub(super) const FORK_LESS: &str =
    "switch off transparent huge pages, save less often, or save on a replica";

/// What to do when writing takes long.
pub(super) const WRITE_FASTER: &str = "use a faster disk, or set no-appendfsync-on-rewrite yes";

pub(super) fn look(info: &Info) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (field, what, name) in [
        ("rdb_last_bgsave_status", "rdb", "the last snapshot"),
        ("aof_last_write_status", "aof", "the last write to the append-only file"),
        ("aof_last_bgrewrite_status", "aof_rewrite", "the last rewrite of the append-only file"),
    ] {
        if info.text(field).is_some_and(|status| status != "ok") {
            findings.push(failed(what, name));
        }
    }
    findings.extend(slow_fork(info));
    findings.extend(slow_disk(info));
    findings
}

fn failed(what: &str, name: &str) -> Finding {
    let sentence = format!("{name} failed, and the server may refuse writes");
    let to_do = "look at the server's log, and at the space and the rights of its folder";
    let finding = Finding::new(Code::PersistenceFails, Severity::Problem, sentence, to_do);
    finding.with("what", what)
}

fn slow_fork(info: &Info) -> Option<Finding> {
    let micros = info.number("latest_fork_usec").filter(|&micros| micros > LONGEST_FORK)?;
    let millis = micros / 1_000;
    let what = format!("the server stood still for {millis} ms when it forked to write to disk");
    let finding = Finding::new(Code::SlowFork, Severity::Warning, what, FORK_LESS);
    Some(finding.with("millis", millis))
}

fn slow_disk(info: &Info) -> Option<Finding> {
    let times = info.number("aof_delayed_fsync").filter(|&times| times > 0)?;
    let what = format!("the disk was too slow for the append-only file, {times} times");
    let finding = Finding::new(Code::SlowDisk, Severity::Warning, what, WRITE_FASTER);
    Some(finding.with("times", times))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stalls_are_told() {
        let codes = |text: &str| {
            let findings = look(&Info::new(text.to_owned()));
            findings.into_iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>()
        };
        let well = "rdb_last_bgsave_status:ok\r\naof_last_write_status:ok\r\nlatest_fork_usec:900\
                    \r\naof_delayed_fsync:0\r\n";
        assert!(codes(well).is_empty() && codes("").is_empty());
        let ill = "rdb_last_bgsave_status:err\r\naof_last_write_status:err\r\n\
                   aof_last_bgrewrite_status:err\r\nlatest_fork_usec:300000\r\n\
                   aof_delayed_fsync:3\r\n";
        let persistence = "persistence_fails";
        assert_eq!(codes(ill), [persistence, persistence, persistence, "slow_fork", "slow_disk"]);
    }
}
