//! An index of a search module (RediSearch, the query engine of Redis 8): entries are hashes.

mod answer;
mod definition;
mod filter;
mod form;
mod query;
mod version;

use async_trait::async_trait;
use cache_core::CacheError;
use cache_core::vector::{
    AttributeValue, Filter, IndexInfo, IndexName, IndexSchema, VectorCapabilities, VectorEntry,
    VectorId, VectorIndex, VectorMatch, VectorQuery,
};
use redis::{Cmd, Value, cmd};

use super::names::Place;
use super::script::{Call, VectorScript};
use super::{chunks, conflict, last_of_each, layout, payload, refused, terms, vanished};
use crate::link::{Access, Commands, Link, Repeat, Weight};
use crate::reply;
use crate::topology::slot_of;
use answer::Answer;
use definition::Definition;
use form::Form;
pub(super) use form::Module;
use query::Found;
pub(super) use version::ModuleVersion;

/// So many entries are written by one script: a few milliseconds of the server's time.
const ENTRIES_PER_CALL: usize = 128;
const BYTES_PER_CALL: usize = 1 << 20;

static CLAIM: VectorScript = VectorScript::new(include_str!("../lua/claim.lua"));
static WRITE: VectorScript = VectorScript::new(include_str!("../lua/search_write.lua"));
static REMOVE: VectorScript = VectorScript::new(include_str!("../lua/search_remove.lua"));

#[derive(Debug)]
pub(super) struct SearchIndex {
    link: Link,
    name: IndexName,
    schema: IndexSchema,
    text: String,
    place: Place,
    /// What keys of entries begin with.
    entries: Vec<u8>,
    form: Form,
}

impl SearchIndex {
    pub(super) fn new(link: Link, name: IndexName, schema: IndexSchema, module: Module) -> Self {
        let place = Place::of(&name);
        let entries = place.key("e:");
        let form = Form::of(&schema, module);
        let text = layout::text(form.engine(), &schema);
        Self { link, name, schema, text, place, entries, form }
    }

    fn definition(&self) -> Definition<'_> {
        let name = definition::name(&self.place, &self.text);
        let (link, place, schema) = (&self.link, &self.place, &self.schema);
        Definition { link, place, schema, name, form: self.form }
    }

    /// Makes the module's index and notes the schema; whether it was missing.
    async fn make(&self) -> Result<bool, CacheError> {
        let definition = self.definition();
        definition.make().await?;
        let mut call = Call::new(vec![self.place.schema()]);
        call.arg(self.text.as_bytes());
        let reply = CLAIM.run(&self.link, &[call]).await?.pop().unwrap_or(Value::Nil);
        match reply {
            Value::Int(number) => Ok(number > 0),
            Value::BulkString(_) => {
                definition.remove().await?;
                Err(conflict(&self.name))
            }
            other => Err(refuse(&self.link, other)),
        }
    }

    /// Whether the index is there, by the text of its schema.
    fn is_there(&self, stored: Value) -> Result<bool, CacheError> {
        match stored {
            Value::Nil => Ok(false),
            Value::BulkString(text) if text == self.text.as_bytes() => Ok(true),
            Value::BulkString(_) => Err(conflict(&self.name)),
            other => Err(reply::unusable(&self.link, other, "GET")),
        }
    }

    /// The index that a stored text speaks of, which may not be what is expected.
    fn laid_out(&self, text: &[u8]) -> Result<(Form, IndexSchema), CacheError> {
        let read = layout::parse(text);
        let read = read.and_then(|(engine, schema)| Some((Form::of_engine(engine)?, schema)));
        read.ok_or_else(|| super::unreadable(&self.name))
    }

    async fn stored(&self) -> Result<Value, CacheError> {
        let key = self.place.schema();
        let mut command = cmd("GET");
        command.arg(&key);
        self.link.command(&key, &command, Access::Write, Repeat::Once).await
    }

    fn key(&self, id: &VectorId) -> Vec<u8> {
        [&self.entries[..], query::escaped(id).as_bytes()].concat()
    }

    /// Runs a script over entries; nothing if there is no such index.
    async fn run(
        &self,
        script: &VectorScript,
        calls: &[Call],
    ) -> Result<Option<Vec<Value>>, CacheError> {
        let mut results = Vec::new();
        for reply in script.run(&self.link, calls).await? {
            match reply {
                Value::Array(items) => results.extend(items),
                Value::BulkString(text) if text == b"missing" => return Ok(None),
                Value::BulkString(_) => return Err(conflict(&self.name)),
                other => return Err(refuse(&self.link, other)),
            }
        }
        Ok(Some(results))
    }

    fn writes(&self, entries: &[VectorEntry]) -> Vec<Call> {
        let sized = last_of_each(entries).map(|entry| {
            let fields = self.fields(entry);
            (fields.iter().map(Vec::len).sum::<usize>(), (entry, fields))
        });
        let calls = chunks(sized, ENTRIES_PER_CALL, BYTES_PER_CALL);
        let call = |entries: Vec<(&VectorEntry, Vec<Vec<u8>>)>| {
            let mut call = self.call();
            for (entry, fields) in entries {
                call.keys.push(self.key(&entry.id));
                call.number(&entry.ttl.as_millis().unwrap_or(0));
                call.number(&fields.len());
                call.arguments.extend(fields);
            }
            call
        };
        calls.into_iter().map(call).collect()
    }

    fn call(&self) -> Call {
        let mut call = Call::new(vec![self.place.schema()]);
        call.arg(self.text.as_bytes());
        call
    }

    /// The fields of an entry and their values.
    fn fields(&self, entry: &VectorEntry) -> Vec<Vec<u8>> {
        let mut fields = vec![b"v".to_vec(), self.form.blob(&entry.vector)];
        let packed = payload::pack(&entry.attributes, &self.schema);
        fields.extend([b"p".to_vec(), packed]);
        for (name, value) in &entry.attributes {
            let text = match value {
                AttributeValue::Number(number) => terms::number(*number),
                AttributeValue::Tags(_) | AttributeValue::Text(_) => {
                    let terms: Vec<_> = terms::of_value(value).into_iter().collect();
                    terms.join(",")
                }
                _ => continue,
            };
            if !text.is_empty() {
                fields.extend([filter::field(&self.schema, name).into_bytes(), text.into_bytes()]);
            }
        }
        fields
    }

    /// Asks all at once, behind a question for the schema and one for the time. Nothing if there is
    /// no such index.
    async fn ask(
        &self,
        commands: &[(Weight, Cmd)],
    ) -> Result<Option<(u64, Vec<Value>)>, CacheError> {
        let key = self.place.schema();
        let all = Commands {
            count: commands.len() + 2,
            partial: false,
            slot: &|_| slot_of(&key),
            weight: &|number| match number {
                0 | 1 => Weight::default(),
                number => commands[number - 2].0,
            },
            make: &|number, _| match number {
                0 => {
                    let mut command = cmd("GET");
                    command.arg(&key);
                    command
                }
                1 => cmd("TIME"),
                number => commands[number - 2].1.clone(),
            },
        };
        let mut replies = self.link.each(&all, Access::Write, Repeat::Once).await?;
        let answers = replies.split_off(2);
        let (time, stored) = (replies.pop(), replies.pop());
        if !self.is_there(stored.unwrap_or(Value::Nil))? {
            return Ok(None);
        }
        let now = query::time(&self.link, time.unwrap_or(Value::Nil))?;
        Ok(Some((now, answers)))
    }

    /// The same, and makes the module's index anew where it has lost that.
    async fn ask_surely(
        &self,
        commands: &[(Weight, Cmd)],
    ) -> Result<Option<(u64, Vec<Value>)>, CacheError> {
        let answers = self.ask(commands).await?;
        let lost = |answer: &Value| matches!(answer, Value::ServerError(error) if definition::is_missing(error));
        match &answers {
            Some((_, answers)) if answers.iter().any(lost) => {}
            _ => return Ok(answers),
        }
        tracing::warn!(index = %self.name, "the server has lost the definition of the index: it is made anew");
        self.definition().make_anew().await?;
        self.ask(commands).await
    }

    /// What was found, for each query. Nothing if there is no such index.
    async fn look(
        &self,
        queries: &[VectorQuery],
        after: Option<u64>,
    ) -> Result<Option<(u64, Vec<Found>)>, CacheError> {
        let index = definition::name(&self.place, &self.text);
        let asked: Vec<_> = queries.iter().filter(|query| query.most > 0).collect();
        let commands: Vec<_> = asked
            .iter()
            .map(|query| {
                let weight = Weight { keys: query.most, bytes: 4 * query.vector.dimensions() };
                (weight, query::command(&index, &self.schema, self.form, query, after))
            })
            .collect();
        let Some((now, answers)) = self.ask_surely(&commands).await? else { return Ok(None) };
        let now = after.map_or(now, |after| after.max(now));
        let mut found = Vec::with_capacity(asked.len());
        for (query, answer) in asked.iter().zip(answers) {
            if let Value::ServerError(error) = &answer {
                return Err(refused(&self.link, error));
            }
            found.push(query::read(&self.link, &self.schema, &self.entries, query, now, answer)?);
        }
        Ok(Some((now, found)))
    }
}

#[async_trait]
impl VectorIndex for SearchIndex {
    fn name(&self) -> &IndexName {
        &self.name
    }

    fn schema(&self) -> &IndexSchema {
        &self.schema
    }

    fn vector_capabilities(&self) -> VectorCapabilities {
        VectorCapabilities::new()
            .with_exact(self.form.is_exact())
            .with_shared(true)
            .with_persistent(true)
            .with_similarity_error(self.form.similarity_error())
    }

    async fn create(&self) -> Result<bool, CacheError> {
        self.schema.check_precision(false)?;
        self.is_there(self.stored().await?)?;
        self.make().await
    }

    async fn upsert_many(&self, entries: &[VectorEntry]) -> Result<(), CacheError> {
        self.schema.check_precision(false)?;
        self.schema.check_entries(entries)?;
        let mut calls = self.writes(entries);
        if calls.is_empty() {
            calls.push(self.call());
        }
        for _ in 0..2 {
            if self.run(&WRITE, &calls).await?.is_some() {
                return Ok(());
            }
            self.make().await?;
        }
        self.run(&WRITE, &calls).await?.map(|_| ()).ok_or_else(|| vanished(&self.name))
    }

    async fn remove_many(&self, ids: &[VectorId]) -> Result<Vec<bool>, CacheError> {
        let sized = ids.iter().map(|id| (id.as_str().len(), self.key(id)));
        let call = |keys| {
            let mut call = self.call();
            call.keys.extend::<Vec<Vec<u8>>>(keys);
            call
        };
        let mut calls: Vec<_> =
            chunks(sized, 1_000, BYTES_PER_CALL).into_iter().map(call).collect();
        if calls.is_empty() {
            calls.push(self.call());
        }
        match self.run(&REMOVE, &calls).await? {
            None => Ok(vec![false; ids.len()]),
            Some(replies) => super::flags(&self.link, replies, ids.len()),
        }
    }

    async fn search_many(
        &self,
        queries: &[VectorQuery],
    ) -> Result<Vec<Vec<VectorMatch>>, CacheError> {
        self.schema.check_queries(queries)?;
        let Some((now, mut found)) = self.look(queries, None).await? else {
            return Ok(vec![Vec::new(); queries.len()]);
        };
        // What has ended took the places of others: those are asked for without it.
        if found.iter().any(|found| found.is_short) {
            match self.look(queries, Some(now)).await? {
                Some((_, again)) => found = again,
                None => return Ok(vec![Vec::new(); queries.len()]),
            }
        }
        let mut found = found.into_iter();
        let of = |query: &VectorQuery| match query.most {
            0 => Vec::new(),
            _ => found.next().unwrap_or_default().matches,
        };
        Ok(queries.iter().map(of).collect())
    }

    async fn count(&self, filter: &Filter) -> Result<u64, CacheError> {
        filter.check(&self.schema)?;
        let text = filter::text(&self.schema, filter, None).unwrap_or_else(|| "*".to_owned());
        let mut command = cmd("FT.SEARCH");
        command.arg(definition::name(&self.place, &self.text)).arg(text);
        command.arg(&["NOCONTENT", "LIMIT", "0", "0", "TIMEOUT", "0", "DIALECT", "2"]);
        let Some((_, answers)) = self.ask_surely(&[(Weight::default(), command)]).await? else {
            return Ok(0);
        };
        match answers.into_iter().next() {
            Some(answer @ Value::Array(_)) => Ok(Answer::read(&self.link, answer)?.total),
            other => Err(refuse(&self.link, other.unwrap_or(Value::Nil))),
        }
    }

    async fn drop_index(&self) -> Result<bool, CacheError> {
        let text = match self.stored().await? {
            Value::Nil => return Ok(false),
            stored => reply::bytes(&self.link, stored, "GET")?,
        };
        let (form, schema) = self.laid_out(&text)?;
        let name = definition::name(&self.place, &String::from_utf8_lossy(&text));
        let definition = Definition { schema: &schema, name, form, ..self.definition() };
        let key = self.place.schema();
        let mut command = cmd("UNLINK");
        command.arg(&key);
        self.link.command(&key, &command, Access::Write, Repeat::Once).await?;
        // Without the module's index, its entries are not known.
        if !definition.remove().await? {
            definition.make_anew().await?;
            definition.remove().await?;
        }
        Ok(true)
    }

    async fn info(&self) -> Result<Option<IndexInfo>, CacheError> {
        let text = match self.stored().await? {
            Value::Nil => return Ok(None),
            stored => reply::bytes(&self.link, stored, "GET")?,
        };
        let (_, schema) = self.laid_out(&text)?;
        let name = definition::name(&self.place, &String::from_utf8_lossy(&text));
        let figures = Definition { schema: &schema, name, ..self.definition() }.figures().await?;
        let figures = figures.unwrap_or_default();
        Ok(Some(IndexInfo::new(schema, figures.entries, figures.bytes)))
    }
}

fn refuse(link: &Link, reply: Value) -> CacheError {
    match reply {
        Value::ServerError(error) => refused(link, &error),
        other => reply::unusable(link, other, "EVAL"),
    }
}
