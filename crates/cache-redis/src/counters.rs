//! Counters: one hash per namespace.

use std::collections::BTreeMap;

use async_trait::async_trait;
use cache_core::{CacheError, Counters, Namespace};
use redis::cmd;

use crate::RedisBackend;
use crate::batch::Batch;
use crate::keyspace::stats_key;
use crate::link::Repeat;
use crate::reply;

#[async_trait]
impl Counters for RedisBackend {
    async fn add_counters(
        &self,
        namespace: &Namespace,
        deltas: &[(&str, i64)],
    ) -> Result<(), CacheError> {
        let key = stats_key(namespace);
        // Sent again, it would count twice.
        let mut batch = Batch::new(&self.link, Repeat::Never, deltas.len());
        for (name, delta) in deltas {
            let mut command = cmd("HINCRBY");
            command.arg(&key).arg(name).arg(delta);
            batch.add(command, 1, key.len() + name.len() + 48).await?;
        }
        reply::all_succeeded(&self.link, &batch.finish().await?)
    }

    async fn read_counters(
        &self,
        namespace: &Namespace,
    ) -> Result<BTreeMap<String, i64>, CacheError> {
        let mut command = cmd("HGETALL");
        command.arg(stats_key(namespace));
        let reply = self.link.command(&command, Repeat::Once).await?;
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
        let mut command = cmd("UNLINK");
        command.arg(stats_key(namespace));
        self.link.command(&command, Repeat::Once).await.map(|_| ())
    }
}
