//! Counters, in a table of their own.

use std::collections::BTreeMap;

use async_trait::async_trait;
use cache_core::{CacheError, Counters, Namespace};

use crate::backend::EmbeddedBackend;

const ADD: &str = "INSERT INTO counters(namespace, name, value) VALUES (?1, ?2, ?3)
    ON CONFLICT(namespace, name) DO UPDATE SET value = value + excluded.value";
const READ: &str = "SELECT name, value FROM counters WHERE namespace = ?1";
const RESET: &str = "DELETE FROM counters WHERE namespace = ?1";

#[async_trait]
impl Counters for EmbeddedBackend {
    async fn add_counters(
        &self,
        namespace: &Namespace,
        deltas: &[(&str, i64)],
    ) -> Result<(), CacheError> {
        if deltas.is_empty() {
            return Ok(());
        }
        let namespace = namespace.clone();
        let deltas: Vec<_> = deltas.iter().map(|(name, by)| ((*name).to_owned(), *by)).collect();
        self.workers
            .write(move |sql| {
                let mut statement = sql.prepare_cached(ADD)?;
                deltas.iter().try_for_each(|(name, by)| {
                    statement.execute((namespace.as_str(), name, by)).map(drop)
                })
            })
            .await
    }

    async fn read_counters(
        &self,
        namespace: &Namespace,
    ) -> Result<BTreeMap<String, i64>, CacheError> {
        let namespace = namespace.clone();
        self.workers
            .read(move |sql| {
                let mut statement = sql.prepare_cached(READ)?;
                let rows = statement
                    .query_map((namespace.as_str(),), |row| Ok((row.get(0)?, row.get(1)?)))?;
                rows.collect()
            })
            .await
    }

    async fn reset_counters(&self, namespace: &Namespace) -> Result<(), CacheError> {
        let namespace = namespace.clone();
        self.workers
            .write(move |sql| sql.prepare_cached(RESET)?.execute((namespace.as_str(),)).map(drop))
            .await
    }
}
