//! Lua scripts, known to the server by their hash.

use std::sync::OnceLock;

use cache_core::{CacheError, CacheKey};
use redis::{Cmd, RedisWrite, Value};

use crate::batch::{Batch, MAX_KEYS_PER_COMMAND};
use crate::key_writer::KeyWriter;
use crate::link::{Link, Repeat};
use crate::{error, reply};

/// A script over many keys that answers with an array, one element per cache key.
pub(crate) struct Script {
    text: &'static str,
    keys: Keys,
    sha: OnceLock<String>,
}

/// Which of its keys a script is given for each cache key.
#[derive(Clone, Copy)]
pub(crate) enum Keys {
    Lease,
    EntryAndLease,
}

impl Script {
    pub(crate) const fn new(text: &'static str, keys: Keys) -> Self {
        Self { text, keys, sha: OnceLock::new() }
    }

    /// Runs it in one round trip, or two when the server does not know it yet. Done twice, a script
    /// must leave things as they are.
    pub(crate) async fn run(
        &self,
        link: &Link,
        keys: &[CacheKey],
        arguments: &[&[u8]],
    ) -> Result<Vec<Value>, CacheError> {
        let sha = self.sha.get_or_init(|| redis::Script::new(self.text).get_hash().to_owned());
        let mut replies = self.send(link, ["EVALSHA", sha], keys, arguments).await?;
        if replies.iter().any(is_unknown_script) {
            replies = self.send(link, ["EVAL", self.text], keys, arguments).await?;
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

    async fn send(
        &self,
        link: &Link,
        by: [&str; 2],
        keys: &[CacheKey],
        arguments: &[&[u8]],
    ) -> Result<Vec<Value>, CacheError> {
        let keys: Vec<&CacheKey> = keys.iter().collect();
        let mut batch = Batch::new(link, Repeat::Once, 1);
        for chunk in keys.chunks(MAX_KEYS_PER_COMMAND) {
            let (command, length) = self.command(by, chunk, arguments);
            batch.add(command, chunk.len(), length).await?;
        }
        batch.finish().await
    }

    /// The command that carries the whole text, for pipelines, where an unknown hash would come to
    /// light too late; and about its length.
    pub(crate) fn in_full(&self, keys: &[&CacheKey], arguments: &[&[u8]]) -> (Cmd, usize) {
        self.command(["EVAL", self.text], keys, arguments)
    }

    fn command(&self, by: [&str; 2], keys: &[&CacheKey], arguments: &[&[u8]]) -> (Cmd, usize) {
        let per_key = match self.keys {
            Keys::Lease => 1,
            Keys::EntryAndLease => 2,
        };
        let mut writer = KeyWriter::default();
        let mut length = by[1].len();
        let mut command = Cmd::with_capacity(3 + per_key * keys.len() + arguments.len(), length);
        command.arg(&by[..]).arg(per_key * keys.len());
        for key in keys {
            if let Keys::EntryAndLease = self.keys {
                let stored = writer.stored(key);
                length += stored.len();
                command.write_arg(stored);
            }
            let lease = writer.lease(key);
            length += lease.len();
            command.write_arg(lease);
        }
        for argument in arguments {
            length += argument.len();
            command.write_arg(argument);
        }
        (command, length)
    }
}

fn is_unknown_script(reply: &Value) -> bool {
    matches!(reply, Value::ServerError(error) if error.code() == "NOSCRIPT")
}
