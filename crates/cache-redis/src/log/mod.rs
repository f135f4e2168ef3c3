//! Ordered logs: one script per method, all keys of a group in one slot.

mod keys;
mod question;
mod script;
mod wire;

use async_trait::async_trait;
use bytes::Bytes;
use cache_core::{
    AppendOptions, Appended, BackendInfo, CacheError, Compaction, ErrorKind, LogBackend, LogGroup,
    LogHead, LogKey, LogPage, LogRead, LogRefusal, NewRecord, Ttl, WhenFull,
};
use redis::{Cmd, RedisWrite, Value};

use crate::RedisBackend;
use crate::link::{MAX_KEYS, Weight};
use keys::Keys;
use question::Question;
use script::LogScript;
use wire::Reader;

/// What one append or compaction may send: half of what the server takes from a client at once.
const MAX_CALL_BYTES: usize = 512 << 20;

/// # Repeated calls
/// A call whose connection broke is sent once more over a new one, as it may never have arrived. If
/// it had, the second answer is that of a repetition: `append` calls the records known, `replace`
/// is done twice, `remove` and `remove_log` find nothing. `compact`, `fork` and `set_attributes`
/// are not sent again: they would take their own work for a conflict.
///
/// # Sizes
/// One call takes at most 100,000 records and 512 MiB, and is one transaction: while the server
/// works on it, a few milliseconds for a thousand records, it serves nobody else.
#[async_trait]
impl LogBackend for RedisBackend {
    fn log_info(&self) -> BackendInfo {
        BackendInfo::new("redis", self.link.location())
    }

    async fn append(
        &self,
        log: &LogKey,
        records: &[NewRecord],
        options: &AppendOptions,
    ) -> Result<Appended, CacheError> {
        LogHead::check_attributes(&options.attributes)?;
        let limits = options.limits;
        let weight = self.check(records)?;
        let reply = self
            .run(&script::APPEND, &Keys::of_log(log), weight, &|command| {
                wire::ttl(command, options.ttl);
                for limit in
                    [options.expected_len, limits.max_records, limits.max_bytes, limits.max_weight]
                {
                    wire::optional(command, limit);
                }
                command.arg(match limits.when_full {
                    WhenFull::Refuse => "refuse",
                    WhenFull::DropOldest => "drop",
                });
                command.write_arg(&options.attributes);
                records.iter().for_each(|record| wire::record(command, record));
            })
            .await?;
        self.reader().appended(reply)
    }

    async fn read(&self, log: &LogKey, what: &LogRead) -> Result<Option<LogPage>, CacheError> {
        let question = Question::new(what)?;
        within_a_call(question.weight)?;
        let arguments = |command: &mut Cmd| {
            command.arg(&question.words);
        };
        let keys = Keys::of_log(log);
        let reply = self.run(&script::READ, &keys, question.weight, &arguments).await?;
        if reply == Value::Nil {
            return Ok(None);
        }
        let reader = self.reader();
        let [head, records] = reader.elements(reply)?;
        let mut records = reader.records(records)?;
        question.select(&mut records);
        Ok(Some(LogPage { head: reader.head(head)?, records }))
    }

    async fn head(&self, log: &LogKey) -> Result<Option<LogHead>, CacheError> {
        let reply = self.run(&script::HEAD, &Keys::of_log(log), Weight::default(), &|_| {}).await?;
        self.head_if_any(reply)
    }

    async fn replace(&self, log: &LogKey, record: &NewRecord) -> Result<bool, CacheError> {
        let weight = self.check(std::slice::from_ref(record))?;
        let arguments = |command: &mut Cmd| wire::record(command, record);
        let reply = self.run(&script::REPLACE, &Keys::of_log(log), weight, &arguments).await?;
        self.reader().flag(reply)
    }

    async fn remove(&self, log: &LogKey, ids: &[&str]) -> Result<Vec<bool>, CacheError> {
        let weight = Weight { keys: ids.len(), bytes: ids.iter().map(|id| id.len() + 16).sum() };
        within_a_call(weight)?;
        let arguments =
            |command: &mut Cmd| ids.iter().for_each(|id| command.write_arg(id.as_bytes()));
        let reply = self.run(&script::REMOVE, &Keys::of_log(log), weight, &arguments).await?;
        self.reader().flags(reply)
    }

    async fn compact(
        &self,
        log: &LogKey,
        compaction: &Compaction,
    ) -> Result<Option<LogHead>, CacheError> {
        let weight = self.check(&compaction.replacement)?;
        let reply = self
            .run(&script::COMPACT, &Keys::of_log(log), weight, &|command| {
                wire::number(command, compaction.until);
                command.arg(compaction.expected_version);
                compaction.replacement.iter().for_each(|record| wire::record(command, record));
            })
            .await?;
        match reply {
            Value::Array(parts) if parts.len() == 1 => {
                let removed = self.reader().numbers(Value::Array(parts))?[0];
                let given = compaction.replacement.len() as u64;
                Err(LogRefusal::Replacements { given, removed }.into())
            }
            reply => self.head_if_any(reply),
        }
    }

    async fn fork(
        &self,
        from: &LogKey,
        to: &LogKey,
        until: Option<u64>,
        attributes: Bytes,
        ttl: Ttl,
    ) -> Result<Option<LogHead>, CacheError> {
        if from.group() != to.group() {
            return Err(LogRefusal::OtherGroup.into());
        }
        LogHead::check_attributes(&attributes)?;
        let keys = Keys::of_log(from).and(to);
        let reply = self
            .run(&script::FORK, &keys, Weight::default(), &|command| {
                wire::number(command, until.unwrap_or(u64::MAX));
                command.write_arg(&attributes);
                wire::ttl(command, ttl);
            })
            .await?;
        self.head_if_any(reply)
    }

    async fn set_attributes(
        &self,
        log: &LogKey,
        attributes: Bytes,
        expected_version: u64,
    ) -> Result<Option<LogHead>, CacheError> {
        LogHead::check_attributes(&attributes)?;
        let weight = Weight { keys: 1, bytes: attributes.len() };
        let reply = self
            .run(&script::SET_ATTRIBUTES, &Keys::of_log(log), weight, &|command| {
                command.write_arg(&attributes);
                command.arg(expected_version);
            })
            .await?;
        self.head_if_any(reply)
    }

    async fn touch(&self, log: &LogKey, ttl: Ttl) -> Result<bool, CacheError> {
        let arguments = |command: &mut Cmd| wire::ttl(command, ttl);
        let keys = Keys::of_log(log);
        let reply = self.run(&script::TOUCH, &keys, Weight::default(), &arguments).await?;
        self.reader().flag(reply)
    }

    async fn list(
        &self,
        group: &LogGroup,
        skip: usize,
        most: usize,
    ) -> Result<Vec<LogHead>, CacheError> {
        let weight = Weight { keys: most.min(MAX_KEYS), bytes: 0 };
        let reply = self
            .run(&script::LIST, &Keys::of_group(group), weight, &|command| {
                wire::count(command, skip);
                wire::count(command, most);
            })
            .await?;
        let reader = self.reader();
        reader.array(reply)?.into_iter().map(|head| reader.head(head)).collect()
    }

    async fn count(&self, group: &LogGroup) -> Result<u64, CacheError> {
        let keys = Keys::of_group(group);
        let reply = self.run(&script::COUNT, &keys, Weight::default(), &|_| {}).await?;
        self.reader().number(reply)
    }

    async fn remove_log(&self, log: &LogKey) -> Result<bool, CacheError> {
        let keys = Keys::of_log(log);
        let reply = self.run(&script::REMOVE_LOG, &keys, Weight::default(), &|_| {}).await?;
        self.reader().flag(reply)
    }

    async fn remove_group(&self, group: &LogGroup) -> Result<u64, CacheError> {
        let keys = Keys::of_group(group);
        let reply = self.run(&script::REMOVE_GROUP, &keys, Weight::default(), &|_| {}).await?;
        self.reader().number(reply)
    }
}

impl RedisBackend {
    /// The reply of a script, unless it is the name of what the script refuses.
    async fn run(
        &self,
        script: &LogScript,
        keys: &Keys,
        weight: Weight,
        arguments: &(dyn Fn(&mut Cmd) + Sync),
    ) -> Result<Value, CacheError> {
        let refusal = match script.run(&self.link, keys, weight, arguments).await? {
            Value::BulkString(name) => match &name[..] {
                b"full" => LogRefusal::Full,
                b"length" => LogRefusal::Length,
                b"version" => LogRefusal::Version,
                b"exists" => LogRefusal::Exists,
                b"known" => LogRefusal::KnownReplacement,
                _ => return Err(self.reader().unexpected()),
            },
            reply => return Ok(reply),
        };
        Err(refusal.into())
    }

    fn reader(&self) -> Reader<'_> {
        Reader(&self.link)
    }

    fn head_if_any(&self, reply: Value) -> Result<Option<LogHead>, CacheError> {
        match reply {
            Value::Nil => Ok(None),
            reply => self.reader().head(reply).map(Some),
        }
    }

    /// What these records weigh on the wire, if a call takes them.
    fn check(&self, records: &[NewRecord]) -> Result<Weight, CacheError> {
        records.iter().try_for_each(NewRecord::check)?;
        let weight = Weight { keys: records.len(), bytes: wire::length(records) };
        within_a_call(weight)?;
        Ok(weight)
    }
}

fn within_a_call(weight: Weight) -> Result<(), CacheError> {
    if weight.keys <= MAX_KEYS && weight.bytes <= MAX_CALL_BYTES {
        return Ok(());
    }
    let message = "one call to Redis takes at most 100,000 records and 512 MiB: make several";
    Err(CacheError::new(ErrorKind::InvalidInput, message))
}
