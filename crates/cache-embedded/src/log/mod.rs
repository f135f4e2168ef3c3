//! Ordered logs in the file.

mod append;
mod change;
mod read;
mod table;

use async_trait::async_trait;
use bytes::Bytes;
use cache_core::{
    AppendOptions, Appended, BackendInfo, CacheError, Compaction, LogBackend, LogGroup, LogHead,
    LogKey, LogPage, LogRead, LogRefusal, LogUsage, Namespace, NewRecord, Ttl,
};
use rusqlite::Connection;

use crate::EmbeddedBackend;
use table::Log;

/// What a transaction found: a result, or why the log is left as it is. Whoever refuses has written
/// nothing yet.
type Decided<T> = rusqlite::Result<Result<T, LogRefusal>>;

impl EmbeddedBackend {
    /// Lets the thread that writes do something with a log of a name.
    async fn change<T: Send + 'static>(
        &self,
        log: &LogKey,
        change: impl FnOnce(&Connection, &str) -> Decided<T> + Send + 'static,
    ) -> Result<T, CacheError> {
        let name = log.name();
        Ok(self.workers.write(move |sql| change(sql, &name)).await??)
    }
}

/// # Logs
/// They lie beside the cache's entries, and are neither counted in its bound nor evicted: they end
/// by their TTL or when they are removed. Every append frees some of what has expired.
#[async_trait]
impl LogBackend for EmbeddedBackend {
    fn log_info(&self) -> BackendInfo {
        BackendInfo::new("embedded", self.shared().config.path.display().to_string())
    }

    async fn append(
        &self,
        log: &LogKey,
        records: &[NewRecord],
        options: &AppendOptions,
    ) -> Result<Appended, CacheError> {
        LogHead::check_attributes(&options.attributes)?;
        records.iter().try_for_each(NewRecord::check)?;
        let (owner, records, options) = (log.group().prefix(), records.to_vec(), options.clone());
        self.change(log, move |sql, name| append::append(sql, name, &owner, &records, &options))
            .await
    }

    async fn read(&self, log: &LogKey, what: &LogRead) -> Result<Option<LogPage>, CacheError> {
        let (name, what) = (log.name(), what.clone());
        Ok(self.workers.read(move |sql| read::page(sql, &name, &what)).await??)
    }

    async fn head(&self, log: &LogKey) -> Result<Option<LogHead>, CacheError> {
        let name = log.name();
        self.workers.read(move |sql| Ok(Log::find(sql, &name)?.map(Log::into_head))).await
    }

    async fn replace(&self, log: &LogKey, record: &NewRecord) -> Result<bool, CacheError> {
        record.check()?;
        let record = record.clone();
        self.change(log, move |sql, name| Ok(Ok(change::replace(sql, name, &record)?))).await
    }

    async fn remove(&self, log: &LogKey, ids: &[&str]) -> Result<Vec<bool>, CacheError> {
        let ids: Vec<_> = ids.iter().map(|&id| id.to_owned()).collect();
        self.change(log, move |sql, name| Ok(Ok(change::remove(sql, name, &ids)?))).await
    }

    async fn compact(
        &self,
        log: &LogKey,
        compaction: &Compaction,
    ) -> Result<Option<LogHead>, CacheError> {
        compaction.replacement.iter().try_for_each(NewRecord::check)?;
        let compaction = compaction.clone();
        self.change(log, move |sql, name| change::compact(sql, name, &compaction)).await
    }

    async fn fork(
        &self,
        from: &LogKey,
        to: &LogKey,
        until: Option<u64>,
        attributes: Bytes,
        ttl: Ttl,
    ) -> Result<Option<LogHead>, CacheError> {
        LogHead::check_attributes(&attributes)?;
        if from.group() != to.group() {
            return Err(LogRefusal::OtherGroup.into());
        }
        let (to, owner) = (to.name(), to.group().prefix());
        let until = until.unwrap_or(u64::MAX);
        self.change(from, move |sql, from| {
            let Some(original) = Log::find(sql, from)? else { return Ok(Ok(None)) };
            let fork = table::New { name: &to, owner: &owner, attributes: &attributes, ttl };
            Ok(change::fork(sql, &original, until, &fork)?.map(Some))
        })
        .await
    }

    async fn set_attributes(
        &self,
        log: &LogKey,
        attributes: Bytes,
        expected_version: u64,
    ) -> Result<Option<LogHead>, CacheError> {
        LogHead::check_attributes(&attributes)?;
        self.change(log, move |sql, name| {
            change::set_attributes(sql, name, &attributes, expected_version)
        })
        .await
    }

    async fn touch(&self, log: &LogKey, ttl: Ttl) -> Result<bool, CacheError> {
        self.change(log, move |sql, name| Ok(Ok(change::touch(sql, name, ttl)?))).await
    }

    async fn list(
        &self,
        group: &LogGroup,
        skip: usize,
        most: usize,
    ) -> Result<Vec<LogHead>, CacheError> {
        let owner = group.prefix();
        self.workers.read(move |sql| table::list(sql, &owner, skip, most)).await
    }

    async fn count(&self, group: &LogGroup) -> Result<u64, CacheError> {
        let owner = group.prefix();
        self.workers.read(move |sql| table::count(sql, &owner)).await
    }

    async fn remove_log(&self, log: &LogKey) -> Result<bool, CacheError> {
        self.change(log, move |sql, name| Ok(Ok(table::remove(sql, name)?))).await
    }

    async fn remove_group(&self, group: &LogGroup) -> Result<u64, CacheError> {
        let owner = group.prefix();
        self.workers.write(move |sql| table::remove_all(sql, &owner)).await
    }

    async fn log_usage(&self, namespace: &Namespace) -> Result<LogUsage, CacheError> {
        let namespace = namespace.clone();
        self.workers.read(move |sql| table::usage(sql, &namespace)).await
    }
}
