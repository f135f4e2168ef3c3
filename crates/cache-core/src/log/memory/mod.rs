//! Logs in this process's memory.

mod journal;
mod shelf;

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use journal::{Journal, Written};
use shelf::Shelf;

use super::{
    AppendOptions, Appended, Compaction, LogBackend, LogGroup, LogHead, LogKey, LogPage, LogRead,
    LogRefusal, LogUsage, NewRecord,
};
use crate::backend::BackendInfo;
use crate::{CacheError, Namespace, Ttl};

/// Keeps logs in this process's memory, up to a number of bytes: beyond it whole logs go, those
/// first that nobody has appended to for the longest time.
///
/// Everything is gone with the process. The bound counts payloads, ids, attributes and about what
/// the tables take. Expired logs are dropped at the next call of any method. `Debug` shows how much
/// there is, not what.
pub struct MemoryLog {
    shelf: Mutex<Shelf>,
}

impl MemoryLog {
    /// A backend that takes at most about this many bytes.
    #[must_use]
    pub fn new(max_bytes: u64) -> Self {
        Self { shelf: Mutex::new(Shelf::new(max_bytes)) }
    }

    /// The logs that are alive. Nothing panics while the lock is held.
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.sweep();
        shelf
    }
}

impl fmt::Debug for MemoryLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shelf = self.shelf();
        f.debug_struct("MemoryLog")
            .field("bytes", &shelf.bytes())
            .field("max_bytes", &shelf.max_bytes())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl LogBackend for MemoryLog {
    fn log_info(&self) -> BackendInfo {
        BackendInfo::new("memory", "")
    }

    async fn append(
        &self,
        log: &LogKey,
        records: &[NewRecord],
        options: &AppendOptions,
    ) -> Result<Appended, CacheError> {
        LogHead::check_attributes(&options.attributes)?;
        records.iter().try_for_each(NewRecord::check)?;
        let mut shelf = self.shelf();
        let (max_bytes, mut made) = (shelf.max_bytes(), None);
        let journal = match shelf.get_mut(log) {
            Some(journal) => journal,
            None => made.insert(Journal::new(options.attributes.clone())),
        };
        if journal.memory_bytes_with(records) > max_bytes {
            return Err(LogRefusal::Full.into());
        }
        let Written { seqs, known, dropped } = journal.append(records, options)?;
        journal.set_ttl(options.ttl);
        let head = journal.head();
        match made {
            Some(made) => shelf.put(log, made),
            None => shelf.update(log, known.contains(&false)),
        }
        Ok(Appended { head, seqs, known, dropped })
    }

    async fn read(&self, log: &LogKey, what: &LogRead) -> Result<Option<LogPage>, CacheError> {
        let page = |log: &Journal| LogPage { head: log.head(), records: log.read(what) };
        Ok(self.shelf().get(log).map(page))
    }

    async fn head(&self, log: &LogKey) -> Result<Option<LogHead>, CacheError> {
        Ok(self.shelf().get(log).map(Journal::head))
    }

    async fn replace(&self, log: &LogKey, record: &NewRecord) -> Result<bool, CacheError> {
        record.check()?;
        let mut shelf = self.shelf();
        let replaced = shelf.get_mut(log).is_some_and(|log| log.replace(record));
        shelf.update(log, false);
        Ok(replaced)
    }

    async fn remove(&self, log: &LogKey, ids: &[&str]) -> Result<Vec<bool>, CacheError> {
        let mut shelf = self.shelf();
        let removed = shelf.get_mut(log).map(|log| log.remove(ids));
        shelf.update(log, false);
        Ok(removed.unwrap_or_else(|| vec![false; ids.len()]))
    }

    async fn compact(
        &self,
        log: &LogKey,
        compaction: &Compaction,
    ) -> Result<Option<LogHead>, CacheError> {
        compaction.replacement.iter().try_for_each(NewRecord::check)?;
        let mut shelf = self.shelf();
        let Some(journal) = shelf.get_mut(log) else { return Ok(None) };
        journal.compact(compaction)?;
        let head = journal.head();
        shelf.update(log, false);
        Ok(Some(head))
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
        let mut shelf = self.shelf();
        let Some(journal) = shelf.get(from) else { return Ok(None) };
        if shelf.get(to).is_some() {
            return Err(LogRefusal::Exists.into());
        }
        let mut fork = journal.fork(until.unwrap_or(u64::MAX), attributes);
        fork.set_ttl(ttl);
        let head = fork.head();
        shelf.put(to, fork);
        Ok(Some(head))
    }

    async fn set_attributes(
        &self,
        log: &LogKey,
        attributes: Bytes,
        expected_version: u64,
    ) -> Result<Option<LogHead>, CacheError> {
        LogHead::check_attributes(&attributes)?;
        let mut shelf = self.shelf();
        let Some(journal) = shelf.get_mut(log) else { return Ok(None) };
        journal.set_attributes(attributes, expected_version)?;
        let head = journal.head();
        shelf.update(log, false);
        Ok(Some(head))
    }

    async fn touch(&self, log: &LogKey, ttl: Ttl) -> Result<bool, CacheError> {
        let mut shelf = self.shelf();
        let Some(journal) = shelf.get_mut(log) else { return Ok(false) };
        journal.set_ttl(ttl);
        shelf.update(log, false);
        Ok(true)
    }

    async fn list(
        &self,
        group: &LogGroup,
        skip: usize,
        most: usize,
    ) -> Result<Vec<LogHead>, CacheError> {
        let shelf = self.shelf();
        let page = shelf.of(group).skip(skip).take(most);
        Ok(page.filter_map(|log| shelf.get(log)).map(Journal::head).collect())
    }

    async fn count(&self, group: &LogGroup) -> Result<u64, CacheError> {
        Ok(self.shelf().count(group))
    }

    async fn remove_log(&self, log: &LogKey) -> Result<bool, CacheError> {
        Ok(self.shelf().take(log).is_some())
    }

    async fn remove_group(&self, group: &LogGroup) -> Result<u64, CacheError> {
        let mut shelf = self.shelf();
        let doomed: Vec<_> = shelf.of(group).cloned().collect();
        Ok(doomed.iter().filter(|log| shelf.take(log).is_some()).count() as u64)
    }

    async fn log_usage(&self, namespace: &Namespace) -> Result<LogUsage, CacheError> {
        let shelf = self.shelf();
        let mut usage = LogUsage::default();
        for group in shelf.groups().filter(|group| group.namespace() == namespace) {
            usage.add_group();
            for head in shelf.of(group).filter_map(|log| shelf.get(log)).map(Journal::head) {
                usage.add_logs(1, head.len, head.weight, head.bytes);
            }
        }
        Ok(usage)
    }
}
