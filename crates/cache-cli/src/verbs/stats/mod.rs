//! `stats`: what the caches have done, in all processes, and what is stored.

mod embeddings;
mod responses;

use caching_with_redis::core::Usage;
use caching_with_redis::response::Statistics;
use caching_with_redis::session::SessionUsage;
use serde::Serialize;

use super::semantic::Stage;
use crate::args::Whose;
use crate::context::Context;
use crate::failure::Failure;
use crate::figures::{bytes, count, dollars};
use crate::language::Language;

#[derive(Debug, Serialize)]
struct Answer {
    backend: &'static str,
    location: String,
    namespace: String,
    entries: u64,
    bytes: u64,
    bytes_estimated: bool,
    /// Of embeddings; those of answers are below.
    #[serde(flatten)]
    embeddings: embeddings::Answer,
    responses: responses::Answer,
    sessions: Sessions,
}

#[derive(Debug, Serialize)]
struct Sessions {
    owners: u64,
    sessions: u64,
    messages: u64,
    tokens: u64,
    bytes: u64,
}

pub(super) async fn run(context: &Context) -> Result<(), Failure> {
    let store = context.open_store().await?;
    let cache = context.embeddings(&store)?;
    let usage = cache.usage().await?;
    // A store without counters is one of this process, which has done nothing yet.
    let embeddings = cache.shared_statistics().await?.unwrap_or_default();
    let responses = Statistics::shared(&*store.backend, cache.namespace()).await?;
    let responses = responses.unwrap_or_default();
    let everybody = Whose { owner: String::new(), tenant: None };
    let sessions = context.sessions(&store, &everybody)?.usage().await?;
    let info = store.backend.info();
    let answer = Answer {
        backend: info.kind,
        location: info.location,
        namespace: cache.namespace().to_string(),
        entries: usage.entries,
        bytes: usage.bytes,
        bytes_estimated: usage.estimated,
        embeddings: embeddings::Answer::new(&embeddings),
        responses: responses::Answer::new(&responses, Stage::of(context)),
        sessions: Sessions::new(sessions),
    };
    if context.output.json {
        return context.output.object(&answer);
    }
    let (language, output) = (context.language(), context.output);
    let stage = answer.responses.semantic.as_ref();
    output.rows(&store_rows(&answer, usage, language))?;
    output.section(&language.section_embeddings(), &embeddings::rows(&embeddings, language))?;
    output.section(&language.section_responses(), &responses::rows(&responses, stage, language))?;
    output.section(&language.section_sessions(), &answer.sessions.rows(language))
}

fn store_rows(answer: &Answer, usage: Usage, language: Language) -> Vec<(String, String)> {
    let (entries, size) = (count(usage.entries), bytes(usage.bytes));
    let entries = match usage.estimated {
        true => language.entries_and_about(&entries, &size),
        false => language.entries_and_bytes(&entries, &size),
    };
    let mut rows = vec![(language.label_backend(), answer.backend.to_owned())];
    if !answer.location.is_empty() {
        rows.push((language.label_location(), answer.location.clone()));
    }
    rows.push((language.label_namespace(), answer.namespace.clone()));
    rows.push((language.label_entries(), entries));
    rows
}

impl Sessions {
    fn new(usage: SessionUsage) -> Self {
        let SessionUsage { owners, sessions, messages, tokens, bytes, .. } = usage;
        Self { owners, sessions, messages, tokens, bytes }
    }

    fn rows(&self, language: Language) -> Vec<(String, String)> {
        let (sessions, owners) = (count(self.sessions), count(self.owners));
        let (messages, tokens) = (count(self.messages), count(self.tokens));
        vec![
            (language.label_conversations(), language.sessions_of_owners(&sessions, &owners)),
            (
                language.label_messages(),
                language.messages_tokens_bytes(&messages, &tokens, &bytes(self.bytes)),
            ),
        ]
    }
}

fn hits(hits: u64, stale: u64, language: Language) -> String {
    let all = count(hits + stale);
    if stale == 0 { all } else { language.hits_with_stale(&all, &count(stale)) }
}

/// Without a price there is no amount, which is not an amount of nothing.
fn money(saved: f64, spent: f64, language: Language) -> Option<(String, String)> {
    let amounts = language.saved_and_spent(&dollars(saved), &dollars(spent));
    (saved + spent > 0.0).then(|| (language.label_money(), amounts))
}

/// Misses with the causes that there were.
fn with_causes(misses: u64, causes: &[(u64, String)], language: Language) -> String {
    let present = causes.iter().filter(|(number, _)| *number > 0);
    let causes: Vec<_> =
        present.map(|(number, cause)| format!("{cause} {}", count(*number))).collect();
    let misses = count(misses);
    if causes.is_empty() { misses } else { language.misses_by_cause(&misses, &causes.join(", ")) }
}
