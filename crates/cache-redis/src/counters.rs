//! Counters: one hash per namespace.

use std::collections::BTreeMap;

use async_trait::async_trait;
use cache_core::{CacheError, Counters, Namespace};
use redis::cmd;

use crate::RedisBackend;
use crate::keyspace::stats_key;
use crate::link::{Access, Commands, Repeat, Weight};
use crate::reply;
use crate::topology::slot_of;

#[async_trait]
impl Counters for RedisBackend {
    async fn add_counters(
        &self,
        namespace: &Namespace,
        deltas: &[(&str, i64)],
    ) -> Result<(), CacheError> {
        let key = stats_key(namespace);
        let commands = Commands {
            count: deltas.len(),
            partial: false,
            slot: &|_| slot_of(key.as_bytes()),
            weight: &|index| Weight { keys: 1, bytes: key.len() + deltas[index].0.len() + 48 },
            make: &|index, _| {
                let (name, delta) = deltas[index];
                let mut command = cmd("HINCRBY");
                command.arg(&key).arg(name).arg(delta);
                command
            },
        };
        // Sent again, it would count twice.
        let replies = self.link.each(&commands, Access::Write, Repeat::Never).await?;
        reply::all_succeeded(&self.link, &replies)
    }

    async fn read_counters(
        &self,
        namespace: &Namespace,
    ) -> Result<BTreeMap<String, i64>, CacheError> {
        let key = stats_key(namespace);
        let mut command = cmd("HGETALL");
        command.arg(&key);
        // Of the primary: who has just counted sees it.
        let reply =
            self.link.command(key.as_bytes(), &command, Access::Write, Repeat::Once).await?;
        let mut parts = reply::array(&self.link, reply, "HGETALL")?.into_iter();
        let mut counters = BTreeMap::new();
        while let (Some(name), Some(count)) = (parts.next(), parts.next()) {
            let name = reply::bytes(&self.link, name, "HGETALL")?;
            let count = reply::bytes(&self.link, count, "HGETALL")?;
            let text = |bytes| String::from_utf8(bytes).ok();
            // A field that is no number is not one of ours.
            if let (Some(name), Some(count)) =
                (text(name), text(count).and_then(|c| c.parse().ok()))
            {
                counters.insert(name, count);
            }
        }
        Ok(counters)
    }

    async fn reset_counters(&self, namespace: &Namespace) -> Result<(), CacheError> {
        let key = stats_key(namespace);
        let mut command = cmd("UNLINK");
        command.arg(&key);
        let done = self.link.command(key.as_bytes(), &command, Access::Write, Repeat::Once).await;
        done.map(|_| ())
    }
}
