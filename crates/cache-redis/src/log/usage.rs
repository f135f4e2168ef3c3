//! What the logs of a namespace come to.

use std::collections::HashSet;

use cache_core::{CacheError, LogGroup, LogUsage, Namespace};
use redis::Cmd;

use super::keys::Keys;
use super::{script, wire};
use crate::RedisBackend;
use crate::keyspace::{self, SCAN_STEP};
use crate::link::Weight;

/// Logs that one script looks at: some milliseconds.
const LOGS_AT_ONCE: usize = 200;

impl RedisBackend {
    pub(super) async fn usage_of_logs(
        &self,
        namespace: &Namespace,
    ) -> Result<LogUsage, CacheError> {
        let prefix = LogGroup::prefix_of(namespace);
        // Each group has one key of this name. SCAN may give a key twice.
        let pattern = format!("{prefix}{{*}}:logs");
        let (mut seen, mut usage) = (HashSet::new(), LogUsage::default());
        for server in self.link.primaries().await? {
            let mut cursor = 0;
            loop {
                let (next, keys) =
                    keyspace::scan(&self.link, &server, &pattern, cursor, SCAN_STEP).await?;
                for key in keys {
                    if let Some(group) = group_of(&key).filter(|_| !seen.contains(&key)) {
                        self.add_group(&group, &mut usage).await?;
                        seen.insert(key);
                    }
                }
                if next == 0 {
                    break;
                }
                cursor = next;
            }
        }
        Ok(usage)
    }

    async fn add_group(&self, prefix: &str, usage: &mut LogUsage) -> Result<(), CacheError> {
        let keys = Keys::of_prefix(prefix);
        let (mut skip, before) = (0, usage.logs);
        loop {
            let part = |command: &mut Cmd| {
                wire::count(command, skip);
                wire::count(command, LOGS_AT_ONCE);
            };
            let reply = self.run(&script::USAGE, &keys, Weight::default(), &part).await?;
            let [looked_at, logs, records, weight, bytes] = self.reader().elements(reply)?;
            let number = |reply| self.reader().number(reply);
            usage.add_logs(number(logs)?, number(records)?, number(weight)?, number(bytes)?);
            skip += LOGS_AT_ONCE;
            if number(looked_at)? < LOGS_AT_ONCE as u64 {
                break;
            }
        }
        if usage.logs > before {
            usage.add_group();
        }
        Ok(())
    }
}

/// The group's prefix in the name of its key.
fn group_of(key: &[u8]) -> Option<String> {
    let prefix = key.strip_suffix(b":logs")?;
    Some(std::str::from_utf8(prefix).ok()?.to_owned())
}
