//! Scripts over the keys of one index, or of one of its parts.

use std::sync::OnceLock;

use cache_core::CacheError;
use redis::{Cmd, RedisWrite, Value};

use crate::link::{Access, Commands, Link, Repeat, Weight};
use crate::topology::slot_of;

/// A script, known to the servers by its hash.
pub(super) struct VectorScript {
    text: &'static str,
    sha: OnceLock<String>,
}

/// One call of a script. All keys are in one slot, and there is at least one.
#[derive(Default)]
pub(super) struct Call {
    pub(super) keys: Vec<Vec<u8>>,
    pub(super) arguments: Vec<Vec<u8>>,
}

impl Call {
    pub(super) fn new(keys: Vec<Vec<u8>>) -> Self {
        Self { keys, arguments: Vec::new() }
    }

    pub(super) fn arg(&mut self, argument: impl Into<Vec<u8>>) {
        self.arguments.push(argument.into());
    }

    pub(super) fn number(&mut self, number: &impl ToString) {
        self.arg(number.to_string());
    }

    pub(super) fn bytes(&self) -> usize {
        self.keys.iter().chain(&self.arguments).map(|part| part.len() + 16).sum()
    }
}

impl VectorScript {
    pub(super) const fn new(text: &'static str) -> Self {
        Self { text, sha: OnceLock::new() }
    }

    /// Runs it once for each call, all in one round trip, or two where a server does not know it
    /// yet. Done twice, it must be as good as once. Errors of a server are among the replies.
    pub(super) async fn run(&self, link: &Link, calls: &[Call]) -> Result<Vec<Value>, CacheError> {
        let sha = self.sha.get_or_init(|| redis::Script::new(self.text).get_hash().to_owned());
        let all: Vec<_> = calls.iter().collect();
        let mut replies = send(link, ["EVALSHA", sha], &all).await?;
        let is_unknown = |reply: &Value| matches!(reply, Value::ServerError(error) if error.code() == "NOSCRIPT");
        let unknown: Vec<_> = (0..all.len()).filter(|&at| is_unknown(&replies[at])).collect();
        if !unknown.is_empty() {
            let again: Vec<_> = unknown.iter().map(|&at| &calls[at]).collect();
            let more = send(link, ["EVAL", self.text], &again).await?;
            for (at, reply) in unknown.into_iter().zip(more) {
                replies[at] = reply;
            }
        }
        Ok(replies)
    }
}

async fn send(link: &Link, by: [&str; 2], calls: &[&Call]) -> Result<Vec<Value>, CacheError> {
    let commands = Commands {
        count: calls.len(),
        partial: false,
        slot: &|number| slot_of(&calls[number].keys[0]),
        weight: &|number| {
            let call = calls[number];
            Weight {
                keys: call.keys.len() + call.arguments.len(),
                bytes: call.bytes() + by[1].len(),
            }
        },
        make: &|number, _| {
            let call = calls[number];
            let parts = call.keys.len() + call.arguments.len() + 3;
            let mut command = Cmd::with_capacity(parts, call.bytes() + by[1].len());
            command.arg(&by).arg(call.keys.len());
            call.keys.iter().chain(&call.arguments).for_each(|part| command.write_arg(part));
            command
        },
    };
    link.each(&commands, Access::Write, Repeat::Once).await
}
