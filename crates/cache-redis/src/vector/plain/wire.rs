//! The scripts of an index, and what they answer.

use cache_core::CacheError;
use cache_core::vector::{IndexName, IndexSchema};
use redis::Value;

use super::super::conflict;
use super::super::names::Place;
use super::super::script::{Call, VectorScript};
use crate::link::Link;
use crate::reply;

macro_rules! script {
    ($file:literal) => {
        VectorScript::new(concat!(include_str!("../lua/plain_prelude.lua"), include_str!($file)))
    };
}

pub(super) static MAKE: VectorScript = script!("../lua/plain_make.lua");
pub(super) static WRITE: VectorScript = script!("../lua/plain_write.lua");
pub(super) static REMOVE: VectorScript = script!("../lua/plain_remove.lua");
pub(super) static CHANGES: VectorScript = script!("../lua/plain_changes.lua");
pub(super) static INFO: VectorScript = script!("../lua/plain_info.lua");
pub(super) static DROP: VectorScript = script!("../lua/plain_drop.lua");

/// An index on the servers, as it is expected to be.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) link: Link,
    pub(super) name: IndexName,
    pub(super) schema: IndexSchema,
    pub(super) keys: Vec<Vec<u8>>,
    text: String,
}

impl Wire {
    pub(super) fn new(link: Link, name: IndexName, schema: IndexSchema) -> Self {
        let (text, keys) = (schema.to_text(), Place::of(&name).plain());
        Self { link, name, schema, text, keys }
    }

    /// What the keys, and no others, begin with.
    pub(super) fn prefix(&self) -> String {
        Place::of(&self.name).plain_prefix()
    }

    /// A call of one of the scripts, as far as all are alike.
    pub(super) fn call(&self) -> Call {
        let mut call = Call::new(self.keys.clone());
        call.arg(self.text.as_bytes());
        call
    }

    /// The answers of a script; nothing where there is no such index.
    pub(super) async fn run(
        &self,
        script: &VectorScript,
        calls: &[Call],
    ) -> Result<Vec<Option<Value>>, CacheError> {
        let answer = |reply| match reply {
            Value::BulkString(text) if text == b"missing" => Ok(None),
            Value::BulkString(_) => Err(conflict(&self.name)),
            Value::ServerError(_) => Err(reply::unusable(&self.link, reply, "EVAL")),
            reply => Ok(Some(reply)),
        };
        script.run(&self.link, calls).await?.into_iter().map(answer).collect()
    }

    /// The answer to one call.
    pub(super) async fn one(
        &self,
        script: &VectorScript,
        call: Call,
    ) -> Result<Option<Value>, CacheError> {
        Ok(self.run(script, &[call]).await?.pop().flatten())
    }
}
