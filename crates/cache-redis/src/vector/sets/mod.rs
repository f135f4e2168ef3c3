//! An index of vector sets (Redis 8), in one or more parts, each with its own keys in a slot of its
//! own, so that the nodes of a cluster share the work. All parts are asked at the same time.

mod filter;
mod stored;

use async_trait::async_trait;
use cache_core::CacheError;
use cache_core::vector::{
    Filter, GraphOptions, IndexInfo, IndexMethod, IndexName, IndexSchema, Similarity,
    VectorCapabilities, VectorEntry, VectorId, VectorIndex, VectorMatch, VectorQuery,
};
use redis::{Value, cmd};
use sha2::{Digest, Sha256};

use super::names::Place;
use super::script::{Call, VectorScript};
use super::{blob, chunks, conflict, last_of_each, layout, refused};
use crate::link::{Access, Commands, Link, Repeat, Weight};
use crate::reply;
use crate::topology::slot_of;

/// So many entries are linked into the graph by one script, which takes some milliseconds.
const ENTRIES_PER_CALL: usize = 16;
const BYTES_PER_CALL: usize = 1 << 20;

macro_rules! script {
    ($file:literal) => {
        VectorScript::new(concat!(include_str!("../lua/sets_prelude.lua"), include_str!($file)))
    };
}

static CLAIM: VectorScript = VectorScript::new(include_str!("../lua/claim.lua"));
static WRITE: VectorScript = script!("../lua/sets_write.lua");
static REMOVE: VectorScript = script!("../lua/sets_remove.lua");
static SEARCH: VectorScript = script!("../lua/sets_search.lua");
static COUNT: VectorScript = script!("../lua/sets_count.lua");
static INFO: VectorScript = script!("../lua/sets_info.lua");

#[derive(Debug)]
pub(super) struct SetIndex {
    link: Link,
    name: IndexName,
    schema: IndexSchema,
    text: String,
    parts: Vec<Place>,
}

impl SetIndex {
    pub(super) fn new(link: Link, name: IndexName, schema: IndexSchema, parts: usize) -> Self {
        let text = layout::text(&format!("sets/{parts}"), &schema);
        let parts = (0..parts).map(|part| Place::part(&name, part)).collect();
        Self { link, name, schema, text, parts }
    }

    /// Which part an entry is in.
    fn part_of(&self, id: &VectorId) -> usize {
        let digest = Sha256::digest(id.as_str().as_bytes());
        let number = digest[..8].iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        // Less than the number of parts.
        usize::try_from(number % self.parts.len() as u64).unwrap_or(0)
    }

    fn call(&self, part: usize) -> Call {
        let mut call = Call::new(keys(&self.parts[part]).to_vec());
        call.arg(self.text.as_bytes());
        call
    }

    fn graph(&self) -> GraphOptions {
        match self.schema.method {
            IndexMethod::Approximate(graph) => graph,
            _ => GraphOptions::new(),
        }
    }

    /// The answers of a script; nothing from parts that are not there.
    async fn run(
        &self,
        script: &VectorScript,
        calls: &[Call],
    ) -> Result<Vec<Option<Value>>, CacheError> {
        let replies = script.run(&self.link, calls).await?.into_iter();
        let answer = |reply| match reply {
            Value::BulkString(text) if text == b"missing" => Ok(None),
            Value::BulkString(_) => Err(conflict(&self.name)),
            Value::ServerError(error) => Err(refused(&self.link, &error)),
            reply => Ok(Some(reply)),
        };
        replies.map(answer).collect()
    }

    /// The calls that write a part, one at least: every part has the schema, and notices another.
    fn writes(&self, part: usize, entries: &[&VectorEntry]) -> Vec<Call> {
        let sized = entries.iter().map(|entry| {
            let json = filter::json(&self.schema, &entry.attributes);
            let packed = stored::pack(entry, &self.schema);
            (json.len() + packed.len() + 4 * entry.vector.dimensions(), (entry, json, packed))
        });
        let graph = self.graph();
        let head = || {
            let mut call = self.call(part);
            call.arg(stored::quantisation(self.schema.precision));
            // Fewer links the server does not take.
            call.number(&graph.links.max(4));
            call.number(&graph.build_effort);
            call
        };
        let mut calls = Vec::new();
        for entries in chunks(sized, ENTRIES_PER_CALL, BYTES_PER_CALL) {
            let mut call = head();
            for (entry, json, packed) in entries {
                call.arg(entry.id.as_str());
                call.arg(blob(&entry.vector));
                call.arg(json);
                call.arg(packed);
                call.number(&entry.ttl.as_millis().unwrap_or(0));
            }
            calls.push(call);
        }
        if calls.is_empty() {
            calls.push(head());
        }
        calls
    }

    /// The question for all parts: the same but for the keys.
    fn searches(&self, asked: &[&VectorQuery]) -> Vec<Call> {
        let exact = self.schema.method == IndexMethod::Exact;
        let ask = |part| {
            let mut call = self.call(part);
            for query in asked {
                call.arg(blob(&query.vector));
                let looked_at = stored::looked_at(query, &self.schema, self.graph());
                looked_at.iter().for_each(|number| call.number(number));
                call.arg(filter::text(&self.schema, &query.filter));
                call.arg(if exact { "1" } else { "0" });
                call.arg(if stored::is_asked_for(query, &self.schema) { "1" } else { "0" });
            }
            call
        };
        (0..self.parts.len()).map(ask).collect()
    }

    /// The texts of the schemas that the parts have.
    async fn stored(&self, parts: &[Place]) -> Result<Vec<Value>, CacheError> {
        each(&self.link, "GET", &parts.iter().map(|part| vec![part.schema()]).collect::<Vec<_>>())
            .await
    }

    /// The text of the schema that is there, whatever it is, and the parts it is for.
    async fn found(&self) -> Result<Option<(Vec<u8>, Vec<Place>)>, CacheError> {
        let stored = self.stored(&self.parts).await?.into_iter().find(|reply| *reply != Value::Nil);
        let Some(stored) = stored else { return Ok(None) };
        let text = reply::bytes(&self.link, stored, "GET")?;
        let parts =
            layout::parse(&text).and_then(|(engine, _)| engine.strip_prefix("sets/")?.parse().ok());
        let parts: usize = parts.ok_or_else(|| super::unreadable(&self.name))?;
        Ok(Some((text, (0..parts).map(|part| Place::part(&self.name, part)).collect())))
    }
}

fn keys(part: &Place) -> [Vec<u8>; 4] {
    [part.schema(), part.key("set"), part.key("data"), part.key("ends")]
}

/// Sends the same command about each of these groups of keys.
async fn each(link: &Link, name: &str, groups: &[Vec<Vec<u8>>]) -> Result<Vec<Value>, CacheError> {
    let commands = Commands {
        count: groups.len(),
        partial: false,
        slot: &|number| slot_of(&groups[number][0]),
        weight: &|number| Weight { keys: groups[number].len(), bytes: 0 },
        make: &|number, _| {
            let mut command = cmd(name);
            command.arg(&groups[number]);
            command
        },
    };
    let replies = link.each(&commands, Access::Write, Repeat::Once).await?;
    reply::all_succeeded(link, &replies)?;
    Ok(replies)
}

#[async_trait]
impl VectorIndex for SetIndex {
    fn name(&self) -> &IndexName {
        &self.name
    }

    fn schema(&self) -> &IndexSchema {
        &self.schema
    }

    fn vector_capabilities(&self) -> VectorCapabilities {
        VectorCapabilities::new()
            .with_exact(self.schema.method == IndexMethod::Exact)
            .with_filters_first(false)
            .with_shared(true)
            .with_persistent(true)
            .with_similarity_error(stored::similarity_error(self.schema.precision))
    }

    async fn create(&self) -> Result<bool, CacheError> {
        self.schema.check_precision(true)?;
        let claim = |part: &Place| {
            let mut call = Call::new(vec![part.schema()]);
            call.arg(self.text.as_bytes());
            call
        };
        let calls: Vec<_> = self.parts.iter().map(claim).collect();
        let answers = self.run(&CLAIM, &calls).await?.into_iter().flatten();
        let made = answers.map(|answer| reply::number(&self.link, answer, "EVAL"));
        Ok(made.collect::<Result<Vec<_>, _>>()?.iter().all(|made| *made > 0))
    }

    async fn upsert_many(&self, entries: &[VectorEntry]) -> Result<(), CacheError> {
        self.schema.check_precision(true)?;
        self.schema.check_entries(entries)?;
        let mut parts = vec![Vec::new(); self.parts.len()];
        last_of_each(entries).for_each(|entry| parts[self.part_of(&entry.id)].push(entry));
        let calls = parts.iter().enumerate().flat_map(|(part, entries)| self.writes(part, entries));
        self.run(&WRITE, &calls.collect::<Vec<_>>()).await.map(|_| ())
    }

    async fn remove_many(&self, ids: &[VectorId]) -> Result<Vec<bool>, CacheError> {
        let mut parts = vec![Vec::new(); self.parts.len()];
        for (position, id) in ids.iter().enumerate() {
            parts[self.part_of(id)].push(position);
        }
        let mut calls = Vec::new();
        let mut asked = Vec::new();
        for (part, positions) in parts.into_iter().enumerate() {
            // A part of which nothing is asked may still have another schema.
            for positions in
                positions.chunks(ENTRIES_PER_CALL).chain(positions.is_empty().then_some(&[][..]))
            {
                let mut call = self.call(part);
                positions.iter().for_each(|&position| call.arg(ids[position].as_str()));
                calls.push(call);
                asked.push(positions.to_vec());
            }
        }
        let mut removed = vec![false; ids.len()];
        for (positions, answer) in asked.into_iter().zip(self.run(&REMOVE, &calls).await?) {
            let Some(answer) = answer else { continue };
            let answers = reply::array(&self.link, answer, "EVAL")?;
            let flags = super::flags(&self.link, answers, positions.len())?;
            for (position, flag) in positions.into_iter().zip(flags) {
                removed[position] = flag;
            }
        }
        Ok(removed)
    }

    async fn search_many(
        &self,
        queries: &[VectorQuery],
    ) -> Result<Vec<Vec<VectorMatch>>, CacheError> {
        self.schema.check_queries(queries)?;
        let asked: Vec<_> = queries.iter().filter(|query| query.most > 0).collect();
        let mut found = vec![Vec::new(); asked.len()];
        for answer in self.run(&SEARCH, &self.searches(&asked)).await?.into_iter().flatten() {
            let answers = reply::array(&self.link, answer, "EVAL")?;
            for ((query, found), answer) in asked.iter().zip(&mut found).zip(answers) {
                let rows = reply::array(&self.link, answer, "EVAL")?;
                let matched = |row| stored::matched(query, &self.schema, row);
                found.extend(rows.chunks_exact(3).filter_map(matched));
            }
        }
        for (query, found) in asked.iter().zip(&mut found) {
            let at_least = query.at_least.unwrap_or(Similarity::OPPOSITE);
            found.retain(|found| found.similarity >= at_least);
            VectorMatch::sort(found);
            found.truncate(query.most);
        }
        let mut found = found.into_iter();
        let of = |query: &VectorQuery| match query.most {
            0 => Vec::new(),
            _ => found.next().unwrap_or_default(),
        };
        Ok(queries.iter().map(of).collect())
    }

    async fn count(&self, filter: &Filter) -> Result<u64, CacheError> {
        filter.check(&self.schema)?;
        let any = 1f32.to_le_bytes().repeat(self.schema.dimensions);
        let ask = |part| {
            let mut call = self.call(part);
            call.arg(any.as_slice());
            call.arg(filter::text(&self.schema, filter));
            call
        };
        let calls: Vec<_> = (0..self.parts.len()).map(ask).collect();
        let mut count = 0;
        for answer in self.run(&COUNT, &calls).await?.into_iter().flatten() {
            count += u64::try_from(reply::number(&self.link, answer, "EVAL")?).unwrap_or(0);
        }
        Ok(count)
    }

    async fn drop_index(&self) -> Result<bool, CacheError> {
        let Some((_, parts)) = self.found().await? else { return Ok(false) };
        let groups: Vec<_> = parts.iter().map(|part| keys(part).to_vec()).collect();
        each(&self.link, "UNLINK", &groups).await?;
        Ok(true)
    }

    async fn info(&self) -> Result<Option<IndexInfo>, CacheError> {
        let Some((text, parts)) = self.found().await? else { return Ok(None) };
        let (_, schema) = layout::parse(&text).ok_or_else(|| super::unreadable(&self.name))?;
        let calls: Vec<_> = parts.iter().map(|part| Call::new(keys(part).to_vec())).collect();
        let (mut entries, mut bytes) = (0, 0);
        for answer in self.run(&INFO, &calls).await?.into_iter().flatten() {
            let parts = reply::array(&self.link, answer, "EVAL")?;
            if let [_, Value::Int(more), Value::Int(size)] = parts[..] {
                entries += u64::try_from(more).unwrap_or(0);
                bytes += u64::try_from(size).unwrap_or(0);
            }
        }
        Ok(Some(IndexInfo::new(schema, entries, bytes)))
    }
}
