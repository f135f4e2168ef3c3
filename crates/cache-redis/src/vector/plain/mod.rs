//! An index on a server without any vector search: the server keeps the entries, and every process
//! has all of them in its memory and compares with each, or builds a graph of them if they are many.
//!
//! Of every entry the server knows the number of its last write, and of every removed one the number
//! of its removal. A process that knows everything up to a number asks for what has greater ones: so
//! the log of changes never holds more than what there is, and loading an index is catching up from
//! number 0. What is asked with that: which index of this name it is, and which server's.

mod figures;
mod follower;
mod local;
mod locals;
mod news;
mod page;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use cache_core::vector::{
    Filter, IndexInfo, IndexName, IndexSchema, VectorCapabilities, VectorEntry, VectorId,
    VectorIndex, VectorMatch, VectorQuery,
};
use cache_core::{CacheError, ErrorKind, LeaseToken};
use redis::Value;
use vector_scan::{Scan, SearchLimits, is_exact, off_runtime};

use super::script::{Call, VectorScript};
use super::{chunks, last_of_each, unreadable, value};
use crate::link::Link;
use crate::{VectorOptions, error, reply};
use follower::Follower;
use wire::Wire;

pub use figures::LocalIndex;
pub(super) use locals::Locals;

/// So many entries are written by one script: a few milliseconds of the server's time.
const ENTRIES_PER_CALL: usize = 128;
const IDS_PER_CALL: usize = 1_000;
const BYTES_PER_CALL: usize = 1 << 20;

/// What an entry takes on the server besides its value and its id in three keys, as the scripts
/// count.
const OVERHEAD: u64 = 220;

#[derive(Debug)]
pub(super) struct PlainIndex {
    wire: Arc<Wire>,
    follower: Arc<Follower>,
    options: VectorOptions,
}

impl PlainIndex {
    pub(super) fn new(
        link: Link,
        name: &IndexName,
        schema: &IndexSchema,
        options: &VectorOptions,
        locals: &Locals,
    ) -> Self {
        let wire = Arc::new(Wire::new(link, name.clone(), schema.clone()));
        let follower = locals.provide(&wire);
        Self { wire, follower, options: *options }
    }

    /// A call that makes the index where it is missing.
    fn making(&self) -> Call {
        let mut call = self.wire.call();
        call.arg(&LeaseToken::unique().as_bytes()[..]);
        call
    }

    /// Runs a script that changes the index. The next search of this process asks what has changed,
    /// also where it is unknown whether anything has.
    async fn change(
        &self,
        script: &VectorScript,
        calls: &[Call],
    ) -> Result<Vec<Option<Value>>, CacheError> {
        let answers = self.wire.run(script, calls).await;
        self.follower.changed();
        answers
    }

    fn writing(&self) -> Call {
        let mut call = self.making();
        call.number(&self.options.max_stored_bytes.min(1 << 53));
        call
    }

    /// The calls that write entries, one at least: it makes the index, or notices another.
    async fn writes(&self, entries: &[VectorEntry]) -> Result<Vec<Call>, CacheError> {
        let packed = pack(entries, &self.wire.schema).await?;
        let cost = |(entry, value): &(VectorEntry, Vec<u8>)| {
            (value.len() + 3 * entry.id.as_str().len()) as u64 + OVERHEAD
        };
        if packed.iter().any(|packed| cost(packed) > self.options.max_stored_bytes) {
            let message = format!(
                "an entry does not fit into an index of {} bytes: raise \
                 VectorOptions::with_max_stored_bytes",
                self.options.max_stored_bytes
            );
            return Err(CacheError::new(ErrorKind::Full, message));
        }
        let sized = packed.into_iter().map(|packed| (packed.1.len(), packed));
        let mut calls = Vec::new();
        for entries in chunks(sized, ENTRIES_PER_CALL, BYTES_PER_CALL) {
            let mut call = self.writing();
            for (entry, value) in entries {
                call.arg(entry.id.as_str());
                call.arg(value);
                call.number(&entry.ttl.as_millis().unwrap_or(0));
            }
            calls.push(call);
        }
        if calls.is_empty() {
            calls.push(self.writing());
        }
        Ok(calls)
    }

    fn removes(&self, ids: &[VectorId]) -> Vec<Call> {
        let sized = ids.iter().map(|id| (id.as_str().len(), id));
        let call = |ids: Vec<&VectorId>| {
            let mut call = self.wire.call();
            ids.into_iter().for_each(|id| call.arg(id.as_str()));
            call
        };
        let mut calls: Vec<_> =
            chunks(sized, IDS_PER_CALL, BYTES_PER_CALL).into_iter().map(call).collect();
        if calls.is_empty() {
            calls.push(self.wire.call());
        }
        calls
    }
}

/// What an entry is to whoever packs, reads or keeps it: short vectors have checksums and ids, too.
fn bytes_of_work(schema: &IndexSchema) -> usize {
    (schema.dimensions * size_of::<f32>()).max(512)
}

/// Entries, of those with the same id the last one, with their stored forms.
async fn pack(
    entries: &[VectorEntry],
    schema: &IndexSchema,
) -> Result<Vec<(VectorEntry, Vec<u8>)>, CacheError> {
    let entries: Vec<_> = last_of_each(entries).cloned().collect();
    let (bytes, schema) = (entries.len() * bytes_of_work(schema), schema.clone());
    let pack = move |entry: VectorEntry| {
        let value = value::pack(&entry, &schema);
        (entry, value)
    };
    off_runtime(bytes, move || entries.into_iter().map(pack).collect()).await
}

#[async_trait]
impl VectorIndex for PlainIndex {
    fn name(&self) -> &IndexName {
        &self.wire.name
    }

    fn schema(&self) -> &IndexSchema {
        &self.wire.schema
    }

    fn vector_capabilities(&self) -> VectorCapabilities {
        VectorCapabilities::new()
            .with_exact(is_exact(&self.wire.schema, self.options.approximate_above))
            .with_shared(true)
            .with_persistent(true)
            .with_similarity_error(value::similarity_error(self.wire.schema.precision))
    }

    async fn create(&self) -> Result<bool, CacheError> {
        self.wire.schema.check_precision(false)?;
        let made = self.wire.one(&wire::MAKE, self.making()).await?.unwrap_or(Value::Nil);
        Ok(reply::number(&self.wire.link, made, "EVAL")? > 0)
    }

    async fn upsert_many(&self, entries: &[VectorEntry]) -> Result<(), CacheError> {
        self.wire.schema.check_precision(false)?;
        self.wire.schema.check_entries(entries)?;
        let calls = self.writes(entries).await?;
        self.change(&wire::WRITE, &calls).await.map(|_| ())
    }

    async fn remove_many(&self, ids: &[VectorId]) -> Result<Vec<bool>, CacheError> {
        let (calls, mut removed) = (self.removes(ids), Vec::with_capacity(ids.len()));
        for (call, answer) in calls.iter().zip(self.change(&wire::REMOVE, &calls).await?) {
            match answer {
                Some(answer) => removed.extend(reply::array(&self.wire.link, answer, "EVAL")?),
                // All arguments but the schema are ids.
                None => {
                    removed.extend(std::iter::repeat_n(Value::Int(0), call.arguments.len() - 1));
                }
            }
        }
        super::flags(&self.wire.link, removed, ids.len())
    }

    async fn search_many(
        &self,
        queries: &[VectorQuery],
    ) -> Result<Vec<Vec<VectorMatch>>, CacheError> {
        self.wire.schema.check_queries(queries)?;
        let (passes, queries) = (queries.len(), Arc::<[_]>::from(queries));
        let limits = SearchLimits::new().with_bytes(self.options.max_local_bytes);
        let search = move |scan: &Scan, now| scan.search(&queries, now, limits);
        self.follower.read(passes, search).await
    }

    async fn count(&self, filter: &Filter) -> Result<u64, CacheError> {
        filter.check(&self.wire.schema)?;
        let filter = filter.clone();
        self.follower.read(1, move |scan, now| scan.count(&filter, now)).await
    }

    async fn drop_index(&self) -> Result<bool, CacheError> {
        let mut answers = self.change(&wire::DROP, &[self.wire.call()]).await?;
        self.follower.forget().await?;
        let dropped = answers.pop().flatten().unwrap_or(Value::Nil);
        Ok(reply::number(&self.wire.link, dropped, "EVAL")? > 0)
    }

    async fn info(&self) -> Result<Option<IndexInfo>, CacheError> {
        let link = &self.wire.link;
        let Some(answer) = self.wire.one(&wire::INFO, self.wire.call()).await? else {
            return Ok(None);
        };
        let parts = reply::array(link, answer, "EVAL")?;
        let Ok([Value::BulkString(text), Value::Int(entries), Value::Int(bytes)]) =
            <[Value; 3]>::try_from(parts)
        else {
            return Err(error::unexpected(link.location(), "EVAL"));
        };
        let schema = std::str::from_utf8(&text).ok().and_then(IndexSchema::parse);
        let schema = schema.ok_or_else(|| unreadable(&self.wire.name))?;
        let count = |number| u64::try_from(number).unwrap_or(0);
        // What is here is of the expected schema.
        let graph = self.follower.graph_info().await?.filter(|_| schema == self.wire.schema);
        Ok(Some(IndexInfo::new(schema, count(entries), count(bytes)).with_graph(graph)))
    }
}
