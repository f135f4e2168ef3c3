//! The scripts. Each is a file of its own behind a prelude that all share.

use std::sync::OnceLock;

use cache_core::CacheError;
use redis::{Cmd, Value};

use super::keys::Keys;
use crate::error;
use crate::link::{Access, Link, Repeat, Weight};

/// A script over logs, known to the server by its hash.
pub(super) struct LogScript {
    text: &'static str,
    repeat: Repeat,
    sha: OnceLock<String>,
}

macro_rules! script {
    ($name:ident, $repeat:ident, $file:literal) => {
        pub(super) static $name: LogScript = LogScript {
            text: concat!(include_str!("lua/prelude.lua"), include_str!($file)),
            repeat: Repeat::$repeat,
            sha: OnceLock::new(),
        };
    };
}

script!(APPEND, Once, "lua/append.lua");
script!(READ, Once, "lua/read.lua");
script!(HEAD, Once, "lua/head.lua");
script!(REPLACE, Once, "lua/replace.lua");
script!(REMOVE, Once, "lua/remove.lua");
script!(TOUCH, Once, "lua/touch.lua");
script!(LIST, Once, "lua/list.lua");
script!(COUNT, Once, "lua/count.lua");
script!(REMOVE_LOG, Once, "lua/remove_log.lua");
script!(REMOVE_GROUP, Once, "lua/remove_group.lua");
// Sent again, they would find what they did themselves, and call it a conflict.
script!(COMPACT, Never, "lua/compact.lua");
script!(FORK, Never, "lua/fork.lua");
script!(SET_ATTRIBUTES, Never, "lua/set_attributes.lua");

impl LogScript {
    /// Runs it in one round trip, or two when the server does not know it yet. `arguments` adds
    /// them to a command; `weight` is of what is sent and answered.
    pub(super) async fn run(
        &self,
        link: &Link,
        keys: &Keys,
        weight: Weight,
        arguments: &(dyn Fn(&mut Cmd) + Sync),
    ) -> Result<Value, CacheError> {
        let sha = self.sha.get_or_init(|| redis::Script::new(self.text).get_hash().to_owned());
        let mut reply = self.send(link, ["EVALSHA", sha], keys, weight, arguments).await?;
        if matches!(&reply, Value::ServerError(error) if error.code() == "NOSCRIPT") {
            reply = self.send(link, ["EVAL", self.text], keys, weight, arguments).await?;
        }
        match reply {
            Value::ServerError(error) => Err(error::of_reply(&error, link.location())),
            reply => Ok(reply),
        }
    }

    async fn send(
        &self,
        link: &Link,
        by: [&str; 2],
        keys: &Keys,
        weight: Weight,
        arguments: &(dyn Fn(&mut Cmd) + Sync),
    ) -> Result<Value, CacheError> {
        let mut command = Cmd::with_capacity(16, weight.bytes + 2_048);
        command.arg(&by).arg(keys.names().len()).arg(keys.names());
        arguments(&mut command);
        // All keys are of one group, and so of one slot.
        let key = keys.names()[0].as_bytes();
        link.one(key, &command, weight, Access::Write, self.repeat).await
    }
}
