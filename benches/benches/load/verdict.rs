//! What the run came to, and what was wrong with it.

use cache_benches::load::{Books, growth};
use serde::Serialize;

use crate::sample::{Sampler, micros};
use crate::setup::Setup;
use crate::tally::read;

/// The whole run.
#[derive(Debug, Serialize)]
pub struct Verdict {
    pub seconds: f64,
    pub calls: u64,
    pub kinds: Vec<Kind>,
    pub text_lookups: u64,
    pub text_hit_ratio: f64,
    pub chat_lookups: u64,
    pub chat_hit_ratio: f64,
    pub provider_calls: u64,
    pub evicted_keys: u64,
    pub evicted_sessions: u64,
    /// Operations on the store that failed or took longer than their budget; callers did not notice.
    pub store_failures: u64,
    pub rss_bytes: Option<u64>,
    /// Over the second half, by the line that fits best, and what is allowed.
    pub rss_growth_bytes: Option<f64>,
    pub rss_growth_allowed: Option<f64>,
    /// Empty when all is well.
    pub faults: Vec<String>,
}

/// Calls of one kind.
#[derive(Debug, Serialize)]
pub struct Kind {
    pub kind: &'static str,
    pub calls: u64,
    pub p50_micros: u64,
    pub p99_micros: u64,
}

/// Closes the books.
pub async fn of(setup: &Setup, sampler: &mut Sampler) -> Verdict {
    let seconds = sampler.elapsed().as_secs_f64();
    let mut books = Books::default();
    // Answers may still be recorded whose callers went away.
    if let Err(error) = setup.embeddings.flush().await {
        books.fault(format!("failed to flush the embeddings: {error}"));
    }
    if let Err(error) = setup.responses.flush().await {
        books.fault(format!("failed to flush the answers: {error}"));
    }
    setup.tally.take_latencies(&mut sampler.whole);
    answers(setup, &mut books);
    embeddings(setup, &mut books);
    responses(setup, &mut books);
    let growth = growth(&sampler.rss);
    if let Some(growth) = growth.filter(cache_benches::load::Growth::is_a_leak) {
        let mib = |bytes: f64| bytes / f64::from(1 << 20);
        let (grown, allowed) = (mib(growth.bytes), mib(growth.allowed()));
        books.fault(format!(
            "memory grows: {grown:.1} MiB in the second half, {allowed:.1} are allowed"
        ));
    }
    let kind = |(kind, times): &(&'static str, cache_benches::load::Latencies)| Kind {
        kind,
        calls: times.count(),
        p50_micros: micros(times.at(0.5)),
        p99_micros: micros(times.at(0.99)),
    };
    let kinds: Vec<_> = sampler.whole.iter().map(kind).collect();
    let (texts, chats) = (setup.embeddings.statistics(), setup.responses.statistics());
    Verdict {
        seconds,
        calls: kinds.iter().map(|kind| kind.calls).sum(),
        kinds,
        text_lookups: read(&setup.tally.texts),
        text_hit_ratio: texts.hit_rate(),
        chat_lookups: read(&setup.tally.chats),
        chat_hit_ratio: chats.hit_rate(),
        provider_calls: texts.provider_calls + chats.provider_calls,
        evicted_keys: sampler.evicted,
        evicted_sessions: read(&setup.tally.evicted_sessions),
        store_failures: setup.guard.snapshot().failed(),
        rss_bytes: sampler.rss.last().copied(),
        rss_growth_bytes: growth.map(|growth| growth.bytes),
        rss_growth_allowed: growth.map(|growth| growth.allowed()),
        faults: books.faults(),
    }
}

fn answers(setup: &Setup, books: &mut Books) {
    let (count, shown) = setup.tally.faults();
    if count > 0 {
        books.fault(format!("{count} calls failed or were answered wrongly:"));
        shown.into_iter().for_each(|fault| books.fault(fault));
    }
}

fn embeddings(setup: &Setup, books: &mut Books) {
    let (now, tally, asked) = (setup.embeddings.statistics(), &setup.tally, &setup.provider);
    let hits = now.hits + now.stale_hits;
    books.same("lookups of texts", hits + now.misses(), read(&tally.texts));
    books.same("hits of texts", hits, read(&tally.text_hits));
    books.same("calls for vectors", now.provider_calls, read(&asked.embed_calls));
    books.same("texts embedded", now.provider_inputs, read(&asked.embed_inputs));
    books.same("tokens of texts", now.provider_tokens, read(&asked.embed_tokens));
    books.same("misses that somebody computed", now.misses(), now.coalesced + now.provider_inputs);
}

fn responses(setup: &Setup, books: &mut Books) {
    let (now, tally, asked) = (setup.responses.statistics(), &setup.tally, &setup.provider);
    let hits = now.hits + now.stale_hits;
    books.same("lookups of chats", hits + now.misses(), read(&tally.chats));
    books.same("hits of chats", hits, read(&tally.chat_hits));
    books.same("calls for answers", now.provider_calls, read(&asked.chat_calls));
    books.same("tokens of questions", now.prompt_tokens_spent, read(&asked.prompt_tokens));
    books.same("tokens of answers", now.completion_tokens_spent, read(&asked.completion_tokens));
    books.same(
        "tokens of questions saved",
        now.prompt_tokens_saved,
        read(&tally.prompt_tokens_saved),
    );
    let saved = read(&tally.completion_tokens_saved);
    books.same("tokens of answers saved", now.completion_tokens_saved, saved);
}
