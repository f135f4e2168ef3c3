//! The server's memory.

use cache_core::{Finding, FindingCode as Code, Severity};

use crate::info::Info;

/// Less than this much waste is nobody's concern.
const LEAST_WASTE: u64 = 64 << 20;

pub(super) fn look(info: &Info) -> Vec<Finding> {
    let mut findings = bounds(info);
    findings.extend(fragmentation(info));
    findings.extend(evictions(info));
    findings
}

/// What is wrong with the bound of the server's memory.
pub(crate) fn bounds(info: &Info) -> Vec<Finding> {
    let policy = info.text("maxmemory_policy").unwrap_or_default();
    match info.number("maxmemory") {
        Some(0) => {
            let what = "the server's memory is unbounded, so the cache may fill the machine";
            let to_do =
                "set maxmemory and maxmemory-policy allkeys-lru in the server's configuration";
            vec![Finding::new(Code::UnboundedMemory, Severity::Warning, what, to_do)]
        }
        Some(_) if policy == "noeviction" => {
            let what = "the server does not evict (maxmemory-policy noeviction), so writes fail \
                        once it is full";
            let to_do = "set maxmemory-policy allkeys-lru in the server's configuration";
            let finding = Finding::new(Code::NoEviction, Severity::Warning, what, to_do);
            vec![finding.with("policy", policy)]
        }
        _ => Vec::new(),
    }
}

fn fragmentation(info: &Info) -> Option<Finding> {
    let (used, resident) = (info.number("used_memory")?, info.number("used_memory_rss")?);
    let waste = resident.saturating_sub(used);
    if waste < LEAST_WASTE || waste < used / 2 {
        return None;
    }
    let percent = resident.saturating_mul(100) / used.max(1);
    let what = format!("the server's memory is fragmented: it takes {percent} % of what it uses");
    let to_do = "set activedefrag yes in the server's configuration, or restart it";
    let finding = Finding::new(Code::Fragmentation, Severity::Warning, what, to_do);
    Some(finding.with("percent", percent).with("bytes", waste))
}

fn evictions(info: &Info) -> Option<Finding> {
    let evicted = info.number("evicted_keys").filter(|&keys| keys > 0)?;
    let expired = info.number("expired_keys").unwrap_or(0);
    let hours = info.number("uptime_in_seconds").unwrap_or(0).div_ceil(3_600).max(1);
    // Some eviction is how a bounded cache lives; more than expires is a bound too low.
    let severity = if evicted > expired { Severity::Warning } else { Severity::Info };
    let what = format!(
        "{evicted} keys were evicted before their time, while {expired} expired, in {hours} h"
    );
    let to_do = "raise maxmemory, or shorten the time to live";
    let finding = Finding::new(Code::Evictions, severity, what, to_do);
    Some(finding.with("evicted", evicted).with("expired", expired).with("hours", hours))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragmentation_is_told_where_it_matters() {
        let percent = |used: u64, resident: u64| {
            let info = format!("used_memory:{used}\r\nused_memory_rss:{resident}\r\n");
            fragmentation(&Info::new(info)).and_then(|finding| finding.number("percent"))
        };
        assert_eq!(percent(1 << 20, 30 << 20), None, "a small server");
        assert_eq!(percent(1 << 30, 1_200 << 20), None, "a little");
        assert_eq!(percent(1 << 30, 2 << 30), Some(200));
        assert_eq!(percent(1 << 30, 1 << 29), None, "swapped out");
    }
}
