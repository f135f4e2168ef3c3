//! Lua scripts, known to the servers by their hash.

use std::sync::OnceLock;

use cache_core::{CacheError, CacheKey};
use redis::{Cmd, RedisWrite, Value};

use crate::key_writer::KeyWriter;
use crate::link::{Access, Commands, Link, MAX_KEYS_PER_COMMAND, Repeat, Weight};
use crate::{error, reply};

/// A script over many keys that answers with an array, one element per cache key.
pub(crate) struct Script {
    text: &'static str,
    keys: Keys,
    sha: OnceLock<String>,
}

/// Which of its keys a script is given for each cache key. They are in one slot.
#[derive(Clone, Copy)]
pub(crate) enum Keys {
    Lease,
    EntryAndLease,
}

/// How a script is called.
#[derive(Clone, Copy)]
enum By {
    Hash,
    Text,
}

impl Script {
    pub(crate) const fn new(text: &'static str, keys: Keys) -> Self {
        Self { text, keys, sha: OnceLock::new() }
    }

    /// Runs it in one round trip, or two when a server does not know it yet. Done twice, a script
    /// must leave things as they are.
    pub(crate) async fn run(
        &self,
        link: &Link,
        keys: &[CacheKey],
        arguments: &[&[u8]],
    ) -> Result<Vec<Value>, CacheError> {
        let apart = link.keeps_apart();
        let mut replies = self.send(link, keys, arguments, apart).await?;
        if !apart && link.must_keep_apart(&replies) {
            replies = self.send(link, keys, arguments, true).await?;
        }
        let mut results = Vec::with_capacity(keys.len());
        for reply in replies {
            results.extend(reply::array(link, reply, "EVAL")?);
        }
        if results.len() == keys.len() {
            Ok(results)
        } else {
            Err(error::unexpected(link.location(), "EVAL"))
        }
    }

    /// One reply for each run of keys; a run is one key where keys are kept apart.
    async fn send(
        &self,
        link: &Link,
        keys: &[CacheKey],
        arguments: &[&[u8]],
        apart: bool,
    ) -> Result<Vec<Value>, CacheError> {
        let runs: Vec<_> = keys.chunks(if apart { 1 } else { MAX_KEYS_PER_COMMAND }).collect();
        let mut replies = self.send_runs(link, &runs, arguments, By::Hash).await?;
        let unknown: Vec<_> =
            (0..runs.len()).filter(|&index| is_unknown_script(&replies[index])).collect();
        if !unknown.is_empty() {
            let runs: Vec<_> = unknown.iter().map(|&index| runs[index]).collect();
            let again = self.send_runs(link, &runs, arguments, By::Text).await?;
            for (index, reply) in unknown.into_iter().zip(again) {
                replies[index] = reply;
            }
        }
        Ok(replies)
    }

    async fn send_runs(
        &self,
        link: &Link,
        runs: &[&[CacheKey]],
        arguments: &[&[u8]],
        by: By,
    ) -> Result<Vec<Value>, CacheError> {
        let commands = Commands {
            count: runs.len(),
            partial: false,
            slot: &|index| KeyWriter::default().slot(&runs[index][0]),
            weight: &|index| self.weight(runs[index].iter()),
            make: &|index, writer| self.command(by, runs[index].iter(), arguments, writer),
        };
        link.each(&commands, Access::Write, Repeat::Once).await
    }

    /// The command at the end of a batch: by its hash where it is one of many, and with its whole
    /// text where it is the only one, so that it is done the first time.
    pub(crate) fn in_batch<'a>(
        &self,
        keys: impl ExactSizeIterator<Item = &'a CacheKey>,
        arguments: &[&[u8]],
        writer: &mut KeyWriter,
        apart: bool,
    ) -> Cmd {
        let by = if apart { By::Hash } else { By::Text };
        self.command(by, keys, arguments, writer)
    }

    /// About what a call is.
    pub(crate) fn weight<'a>(&self, keys: impl ExactSizeIterator<Item = &'a CacheKey>) -> Weight {
        let count = keys.len();
        let names: usize = keys.map(|key| 2 * key.space().prefix().len() + 150).sum();
        Weight { keys: count, bytes: self.text.len() + names }
    }

    fn command<'a>(
        &self,
        by: By,
        keys: impl ExactSizeIterator<Item = &'a CacheKey>,
        arguments: &[&[u8]],
        writer: &mut KeyWriter,
    ) -> Cmd {
        let sha = || self.sha.get_or_init(|| redis::Script::new(self.text).get_hash().to_owned());
        let by = match by {
            By::Hash => ["EVALSHA", sha()],
            By::Text => ["EVAL", self.text],
        };
        let per_key = match self.keys {
            Keys::Lease => 1,
            Keys::EntryAndLease => 2,
        };
        let mut command =
            Cmd::with_capacity(3 + per_key * keys.len() + arguments.len(), by[1].len());
        command.arg(&by[..]).arg(per_key * keys.len());
        for key in keys {
            if let Keys::EntryAndLease = self.keys {
                command.write_arg(writer.stored(key));
            }
            command.write_arg(writer.lease(key));
        }
        for argument in arguments {
            command.write_arg(argument);
        }
        command
    }
}

fn is_unknown_script(reply: &Value) -> bool {
    matches!(reply, Value::ServerError(error) if error.code() == "NOSCRIPT")
}
