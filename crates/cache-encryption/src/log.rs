//! The wrapper of a store of logs.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use cache_core::{
    AppendOptions, Appended, BackendInfo, CacheError, Compaction, ErrorKind, LogBackend,
    LogCapabilities, LogGroup, LogHead, LogKey, LogPage, LogRead, LogUsage, Namespace, NewRecord,
    Record, Ttl,
};

use crate::parallel;
use crate::sealer::{Seal, Sealer};
use crate::{Binding, OVERHEAD_BYTES, PlainValues, SharedKeyring, Statistics};

/// A store of logs whose payloads and attributes are sealed: any other one, wrapped.
///
/// A record's payload is sealed for the log's group, the record's id, its weight and whether it is
/// pinned, and attributes for the group: a [fork](LogBackend::fork) shares its records with the log it
/// was made of. Ids, weights, pins, numbers, sizes and times are plain in the store.
///
/// # What does not open
/// A record cannot be left out of a conversation without changing what it says, and what somebody
/// slipped in must not be believed. So a record that does not open is there with its number, its id
/// and an **empty payload**, attributes that do not open are empty, and both are counted in the
/// [statistics](Self::statistics). A service whose payloads are never empty sees it at once:
/// `session-store` calls the message unreadable, by its number.
///
/// # Sizes
/// Limits and the sums in heads are those of the payloads before they were sealed. (While a log has
/// records of the time before, each makes the sum of bytes too small by
/// [`OVERHEAD_BYTES`].) The longest payload and the longest attributes are shorter by as much.
#[derive(Debug, Clone)]
pub struct EncryptedLog {
    inner: Arc<dyn LogBackend>,
    sealer: Sealer,
}

impl EncryptedLog {
    /// Seals what goes into this store with the active key of the ring that is in use then.
    #[must_use]
    pub fn new(inner: Arc<dyn LogBackend>, keys: impl Into<SharedKeyring>) -> Self {
        Self { inner, sealer: Sealer::new(keys.into()) }
    }

    /// Sets what happens to payloads and attributes that are not sealed.
    #[must_use]
    pub fn with_plain_values(mut self, plain: PlainValues) -> Self {
        self.sealer = self.sealer.with_plain_values(plain);
        self
    }

    /// What was sealed and opened since it was made, clones included.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.sealer.statistics()
    }

    async fn seal_records(
        &self,
        log: &LogKey,
        records: &[NewRecord],
    ) -> Result<Vec<NewRecord>, CacheError> {
        let most = self.log_capabilities().max_payload_bytes;
        for record in records {
            record.check()?;
            refuse_longer(record.payload.len(), most, "payload of a record")?;
        }
        let mut seals = self.sealer.seals(records.len())?;
        let records: Vec<_> = records.iter().map(|it| (it.clone(), seals.next())).collect();
        let size = |(record, _): &(NewRecord, Seal)| record.payload.len();
        let log = log.clone();
        let seal = move |(record, seal): &(NewRecord, Seal)| {
            let NewRecord { id, weight, pinned, payload } = record.clone();
            let place = Binding::Record { log: &log, id: &id, weight, pinned };
            let payload = seal.seal(&place, &payload);
            NewRecord { id, weight, pinned, payload }
        };
        Ok(parallel::map(records, size, seal).await)
    }

    async fn open_records(&self, log: &LogKey, records: Vec<Record>) -> Vec<Record> {
        let (log, opener) = (log.clone(), self.sealer.opener());
        let open = move |record: &Record| {
            let Record { id, weight, pinned, payload, seq, .. } = record.clone();
            let place = Binding::Record { log: &log, id: &id, weight, pinned };
            let payload = opener.open(&place, &payload).unwrap_or_default();
            Record::new(seq, NewRecord { id, weight, pinned, payload })
        };
        parallel::map(records, |record| record.payload.len(), open).await
    }

    fn seal_attributes(&self, group: &LogGroup, attributes: &[u8]) -> Result<Bytes, CacheError> {
        let most = self.log_capabilities().max_attributes_bytes;
        refuse_longer(attributes.len(), most, "attributes of a log")?;
        Ok(self.sealer.seals(1)?.next().seal(&Binding::Attributes(group), attributes))
    }

    /// The head as it is without the seals.
    fn open_head(&self, group: &LogGroup, mut head: LogHead) -> LogHead {
        let opened = self.sealer.opener().open(&Binding::Attributes(group), &head.attributes);
        let seals = head.len.saturating_mul(OVERHEAD_BYTES as u64);
        head.bytes = head.bytes.saturating_sub(seals);
        head.attributes = opened.unwrap_or_default();
        head
    }
}

fn refuse_longer(bytes: usize, most: usize, what: &str) -> Result<(), CacheError> {
    if bytes <= most {
        return Ok(());
    }
    let message = format!("the {what} is {bytes} bytes long; encrypted, it may have {most}");
    Err(CacheError::new(ErrorKind::InvalidInput, message))
}

#[deny(clippy::missing_trait_methods)]
#[async_trait]
impl LogBackend for EncryptedLog {
    fn log_info(&self) -> BackendInfo {
        self.inner.log_info()
    }

    fn log_capabilities(&self) -> LogCapabilities {
        let inner = self.inner.log_capabilities();
        inner
            .with_max_payload_bytes(inner.max_payload_bytes.saturating_sub(OVERHEAD_BYTES))
            .with_max_attributes_bytes(inner.max_attributes_bytes.saturating_sub(OVERHEAD_BYTES))
    }

    async fn append(
        &self,
        log: &LogKey,
        records: &[NewRecord],
        options: &AppendOptions,
    ) -> Result<Appended, CacheError> {
        let mut limits = options.limits;
        limits.uncounted_bytes = limits.uncounted_bytes.saturating_add(OVERHEAD_BYTES as u64);
        let attributes = self.seal_attributes(log.group(), &options.attributes)?;
        let options = options.clone().with_limits(limits).with_attributes(attributes);
        let records = self.seal_records(log, records).await?;
        let appended = self.inner.append(log, &records, &options).await?;
        Ok(Appended { head: self.open_head(log.group(), appended.head), ..appended })
    }

    async fn read(&self, log: &LogKey, what: &LogRead) -> Result<Option<LogPage>, CacheError> {
        let Some(LogPage { head, records }) = self.inner.read(log, what).await? else {
            return Ok(None);
        };
        let head = self.open_head(log.group(), head);
        Ok(Some(LogPage { head, records: self.open_records(log, records).await }))
    }

    async fn head(&self, log: &LogKey) -> Result<Option<LogHead>, CacheError> {
        let head = self.inner.head(log).await?;
        Ok(head.map(|head| self.open_head(log.group(), head)))
    }

    async fn replace(&self, log: &LogKey, record: &NewRecord) -> Result<bool, CacheError> {
        let sealed = self.seal_records(log, std::slice::from_ref(record)).await?;
        self.inner.replace(log, &sealed[0]).await
    }

    async fn remove(&self, log: &LogKey, ids: &[&str]) -> Result<Vec<bool>, CacheError> {
        self.inner.remove(log, ids).await
    }

    async fn compact(
        &self,
        log: &LogKey,
        compaction: &Compaction,
    ) -> Result<Option<LogHead>, CacheError> {
        let replacement = self.seal_records(log, &compaction.replacement).await?;
        let Compaction { until, expected_version, .. } = *compaction;
        let compaction = Compaction { until, replacement, expected_version };
        let head = self.inner.compact(log, &compaction).await?;
        Ok(head.map(|head| self.open_head(log.group(), head)))
    }

    async fn fork(
        &self,
        from: &LogKey,
        to: &LogKey,
        until: Option<u64>,
        attributes: Bytes,
        ttl: Ttl,
    ) -> Result<Option<LogHead>, CacheError> {
        let attributes = self.seal_attributes(to.group(), &attributes)?;
        let head = self.inner.fork(from, to, until, attributes, ttl).await?;
        Ok(head.map(|head| self.open_head(to.group(), head)))
    }

    async fn set_attributes(
        &self,
        log: &LogKey,
        attributes: Bytes,
        expected_version: u64,
    ) -> Result<Option<LogHead>, CacheError> {
        let attributes = self.seal_attributes(log.group(), &attributes)?;
        let head = self.inner.set_attributes(log, attributes, expected_version).await?;
        Ok(head.map(|head| self.open_head(log.group(), head)))
    }

    async fn touch(&self, log: &LogKey, ttl: Ttl) -> Result<bool, CacheError> {
        self.inner.touch(log, ttl).await
    }

    async fn list(
        &self,
        group: &LogGroup,
        skip: usize,
        most: usize,
    ) -> Result<Vec<LogHead>, CacheError> {
        let heads = self.inner.list(group, skip, most).await?;
        Ok(heads.into_iter().map(|head| self.open_head(group, head)).collect())
    }

    async fn count(&self, group: &LogGroup) -> Result<u64, CacheError> {
        self.inner.count(group).await
    }

    async fn remove_log(&self, log: &LogKey) -> Result<bool, CacheError> {
        self.inner.remove_log(log).await
    }

    async fn remove_group(&self, group: &LogGroup) -> Result<u64, CacheError> {
        self.inner.remove_group(group).await
    }

    async fn log_usage(&self, namespace: &Namespace) -> Result<LogUsage, CacheError> {
        let mut usage = self.inner.log_usage(namespace).await?;
        let added = usage.records.saturating_mul(OVERHEAD_BYTES as u64);
        usage.bytes = usage.bytes.saturating_sub(added);
        Ok(usage)
    }
}
