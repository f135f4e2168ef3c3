//! Questions that mean the same share an answer, and no others do.
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cache_core::vector::Similarity;
use cache_core::{ChatProvider, ChatRequest, MemoryBackend, Namespace, ProviderError, Scope};
use common::semantic::{Angles, Renamed, Shelf};
use common::{Script, chunks, millis, request, said, ttl, until};
use proptest::prelude::*;
use response_cache::semantic::{Guard, Outcome, Semantic, Verifier};
use response_cache::{CallOptions, Group, Mode, ResponseCache, Source};
use serde_json::{Value, json};

const FIRST: &str = "How far is the moon?";
const SECOND: &str = "How far away is the moon?";

struct Fixture {
    backend: Arc<MemoryBackend>,
    provider: Arc<Script>,
    shelf: Arc<Shelf>,
    angles: Arc<Angles>,
}

impl Fixture {
    fn new() -> Self {
        let backend = Arc::new(MemoryBackend::new(16 << 20));
        let (provider, shelf, angles) = (Script::new([]), Shelf::new(), Angles::new());
        Self { backend, provider, shelf, angles }
    }

    fn settings(&self) -> Semantic {
        let threshold = Similarity::new(0.9).unwrap();
        Semantic::new(self.shelf.clone(), self.angles.clone(), threshold)
    }

    fn cache_with(&self, settings: Semantic) -> ResponseCache {
        common::builder(&self.backend, &self.provider).semantic(settings).build().unwrap()
    }

    fn cache(&self) -> ResponseCache {
        self.cache_with(self.settings())
    }
}

fn yes() -> CallOptions {
    CallOptions::new().with_semantic(true)
}

/// Asks, and waits until the index has what was stored.
async fn ask(cache: &ResponseCache, text: &str) -> response_cache::Answer {
    let answer = cache.complete_with(&request(text), &yes()).await.unwrap();
    cache.flush().await.unwrap();
    answer
}

#[tokio::test]
async fn a_question_in_other_words_gets_the_answer_and_is_told_so() {
    let fixture = Fixture::new();
    fixture.angles.set(SECOND, 0.95);
    let cache = fixture.cache();
    let first = ask(&cache, FIRST).await;
    assert_eq!((first.source, first.semantic), (Source::Computed, None));
    let second = ask(&cache, SECOND).await;
    assert_eq!(second.source, Source::Semantic);
    assert!(second.is_hit());
    let hit = second.semantic.unwrap();
    assert!((hit.similarity.get() - 0.95).abs() < 1e-4);
    assert_eq!((&hit.matched, &hit.asked), (&first.key, &second.key));
    assert_ne!(first.key, second.key);
    assert!(hit.age < millis(5_000));
    assert_eq!(second.response.body(), first.response.body());
    let stream = cache.stream_with(&request(SECOND), &yes()).await.unwrap();
    assert_eq!(stream.source, Source::Semantic);
    assert_eq!(stream.semantic.as_ref().unwrap().matched, first.key);
    assert_eq!(said(&chunks(stream.chunks).await), first.response.content().unwrap());
    assert_eq!(fixture.provider.calls(), 1);
    let counted = cache.statistics();
    assert_eq!((counted.semantic_hits, counted.hits, counted.misses()), (2, 0, 1));
    assert_eq!(counted.prompt_tokens_saved, 2_000);
}

#[tokio::test]
async fn it_is_off_unless_asked_for_or_ruled() {
    let fixture = Fixture::new();
    let cache = fixture.cache();
    ask(&cache, FIRST).await;
    let plain = cache.complete(&request(SECOND)).await;
    assert!(plain.is_ok() && fixture.provider.calls() == 2);
    assert_eq!(fixture.shelf.len().await, 1, "a call that takes no part is not found by others");
    let ruled =
        fixture.cache_with(fixture.settings().when(|request| request.get("seed").is_some()));
    let seeded = |text: &str| ChatRequest::user(text).with("seed", 1);
    for (text, source) in [(FIRST, Source::Computed), (SECOND, Source::Semantic)] {
        let answer = ruled.complete_with(&seeded(text), &CallOptions::new()).await.unwrap();
        ruled.flush().await.unwrap();
        assert_eq!(answer.source, source);
    }
    let no = CallOptions::new().with_semantic(false);
    let answer = ruled.complete_with(&seeded("And the sun's?"), &no).await.unwrap();
    assert_eq!(answer.source, Source::Computed);
    for options in
        [yes().with_variants(2), yes().with_mode(Mode::Refresh), yes().with_mode(Mode::Bypass)]
    {
        let answer =
            cache.complete_with(&request("Is the moon far away?"), &options).await.unwrap();
        assert_eq!(answer.source, Source::Computed, "{options:?}");
    }
}

#[tokio::test]
async fn a_hit_is_not_stored_again() {
    let fixture = Fixture::new();
    let cache = fixture.cache();
    ask(&cache, FIRST).await;
    assert_eq!(ask(&cache, SECOND).await.source, Source::Semantic);
    assert!(cache.get(&request(SECOND), &yes()).await.unwrap().is_none());
    assert_eq!((fixture.shelf.len().await, cache.statistics().writes), (1, 1));
}

#[tokio::test]
async fn guards_and_the_threshold_hold_back_and_are_counted() {
    let fixture = Fixture::new();
    fixture.angles.set("the far side of the moon", 0.895);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&seen);
    let settings = fixture.settings().observe(move |found| log.lock().unwrap().push(found.clone()));
    let cache = fixture.cache_with(settings);
    for text in
        ["sales of moon cakes in 2023", "sales of moon cakes in 2024", "the far side of the moon"]
    {
        assert_eq!(ask(&cache, text).await.source, Source::Computed, "{text}");
    }
    let counted = cache.statistics();
    assert_eq!((counted.semantic_nothing, counted.semantic_guard_dates), (1, 1));
    assert_eq!((counted.semantic_below_threshold, counted.semantic_near_0_01), (1, 1));
    let outcomes: Vec<_> = seen.lock().unwrap().iter().map(|decision| decision.outcome).collect();
    let expected = [Outcome::Nothing, Outcome::Guarded(Guard::Dates), Outcome::BelowThreshold];
    assert_eq!(outcomes, expected);
}

#[tokio::test]
async fn thresholds_are_of_requests_calls_and_namespaces() {
    let fixture = Fixture::new();
    fixture.angles.set(SECOND, 0.93);
    let strict = Similarity::new(0.95).unwrap();
    let rule = move |request: &ChatRequest| request.get("seed").map(|_| strict);
    let cache = fixture.cache_with(fixture.settings().threshold_by(rule));
    let read_only = || yes().with_mode(Mode::ReadOnly);
    let seeded = |text: &str| request(text).with("seed", 1);
    for (request, threshold, source) in [
        (request as fn(&str) -> ChatRequest, None, Source::Semantic),
        (seeded, None, Source::Computed),
        (seeded, Some(0.9), Source::Semantic),
        (request, Some(0.95), Source::Computed),
    ] {
        cache.complete_with(&request(FIRST), &yes()).await.unwrap();
        cache.flush().await.unwrap();
        let options = match threshold {
            Some(at) => read_only().with_semantic_threshold(Similarity::new(at).unwrap()),
            None => read_only(),
        };
        let answer = cache.complete_with(&request(SECOND), &options).await.unwrap();
        assert_eq!(answer.source, source, "{threshold:?}");
    }
    // Another namespace on the same store: neither the questions nor the threshold are shared.
    let shelf = Shelf::new();
    let settings = Semantic::new(shelf, fixture.angles.clone(), strict);
    let builder = common::builder(&fixture.backend, &fixture.provider).semantic(settings);
    let other = builder.namespace(Namespace::new("other").unwrap()).build().unwrap();
    assert_eq!(ask(&other, FIRST).await.source, Source::Computed);
    assert_eq!(ask(&other, SECOND).await.source, Source::Computed);
    assert_eq!(other.statistics().semantic_below_threshold, 1);
}

#[tokio::test]
async fn the_next_candidate_is_given_when_the_nearest_may_not() {
    let fixture = Fixture::new();
    fixture.angles.set("moon landing costs", 0.97);
    let cache = fixture.cache();
    ask(&cache, "moon landings costs in 1969").await;
    let right =
        cache.complete_with(&request("moon landing costs"), &yes().with_mode(Mode::Refresh)).await;
    cache.flush().await.unwrap();
    let found = ask(&cache, "costs of a moon landing").await;
    assert_eq!(found.semantic.unwrap().matched, right.unwrap().key);
}

#[tokio::test]
async fn what_has_gone_is_not_given() {
    for how in ["removed", "invalidated", "expired"] {
        let fixture = Fixture::new();
        let cache = fixture.cache();
        let options =
            yes().with_tag("manual").with_ttl(ttl(if how == "expired" { 60 } else { 60_000 }));
        let first = cache.complete_with(&request(FIRST), &options).await.unwrap();
        cache.flush().await.unwrap();
        match how {
            "removed" => assert!(cache.remove(&request(FIRST), &yes()).await.unwrap()),
            "invalidated" => cache.invalidate(&Group::Tag("manual".to_owned())).await.unwrap(),
            _ => tokio::time::sleep(millis(120)).await,
        }
        // Another process, which does not remember the tag.
        let another = fixture.cache();
        let second = ask(&another, SECOND).await;
        assert_eq!(second.source, Source::Computed, "{how}");
        assert_ne!(second.key, first.key);
        if how != "expired" {
            assert_eq!(another.statistics().semantic_gone, 1, "{how}");
            assert_eq!(fixture.shelf.len().await, 1, "{how}: the index forgets it");
        }
    }
}

#[tokio::test]
async fn failures_are_misses_and_then_a_rest() {
    let fixture = Fixture::new();
    let cache = fixture.cache_with(fixture.settings().budget(millis(50)));
    ask(&cache, FIRST).await;
    fixture.shelf.fails.store(true, Ordering::SeqCst);
    for number in 0..5 {
        let answer = ask(&cache, &format!("Is the moon {number} far?")).await;
        assert_eq!(answer.source, Source::Computed);
    }
    let counted = cache.statistics();
    assert_eq!((counted.semantic_failed, counted.provider_calls), (5, 6));
    assert_eq!(fixture.shelf.searches.load(Ordering::SeqCst), 4, "three failures, then a rest");
    assert!(counted.semantic_write_errors > 0);
    let slow = Fixture::new();
    slow.angles.set_pause(millis(5_000));
    let cache = slow.cache_with(slow.settings().budget(millis(50)));
    let start = std::time::Instant::now();
    let answer = cache.complete_with(&request(FIRST), &yes()).await.unwrap();
    assert!(answer.source == Source::Computed && start.elapsed() < millis(3_000));
}

#[tokio::test]
async fn shadow_mode_decides_and_serves_nothing() {
    let fixture = Fixture::new();
    let cache = fixture.cache_with(fixture.settings().shadow(true));
    ask(&cache, FIRST).await;
    assert_eq!(ask(&cache, SECOND).await.source, Source::Computed);
    let elsewhere = yes().with_scope(Scope::tenant("b"));
    cache.complete_with(&request(FIRST), &elsewhere).await.unwrap();
    let counted = cache.statistics();
    assert_eq!((counted.semantic_shadow_hits, counted.semantic_hits), (1, 0));
    assert_eq!((counted.semantic_nothing, counted.semantic_other_context), (1, 1));
}

#[tokio::test]
async fn an_index_that_ignores_filters_gives_nothing_away() {
    let fixture = Fixture::new();
    fixture.shelf.ignores_filters.store(true, Ordering::SeqCst);
    let cache = fixture.cache();
    ask(&cache, FIRST).await;
    let elsewhere = yes().with_scope(Scope::tenant("b"));
    let answer = cache.complete_with(&request(SECOND), &elsewhere).await.unwrap();
    assert_eq!(answer.source, Source::Computed);
    assert_eq!(cache.statistics().semantic_hits, 0);
}

#[tokio::test]
async fn a_wrong_pair_is_never_given_again_and_the_threshold_rises() {
    let fixture = Fixture::new();
    fixture.angles.set(SECOND, 0.93);
    fixture.angles.set("Is the moon's distance large?", 0.905);
    let cache = fixture.cache();
    ask(&cache, FIRST).await;
    let hit = ask(&cache, SECOND).await.semantic.unwrap();
    cache.mark_wrong(&hit).await.unwrap();
    let another = fixture.cache(); // Another process.
    let read_only = yes().with_mode(Mode::ReadOnly);
    for text in ["Is the moon's distance large?", SECOND] {
        let answer = another.complete_with(&request(text), &read_only).await.unwrap();
        assert_eq!(answer.source, Source::Computed, "{text}"); // 0.905 is below 0.91 now.
    }
    let counted = another.statistics();
    assert_eq!((counted.semantic_below_threshold, counted.semantic_marked), (1, 1));
    assert_eq!(cache.statistics().semantic_marks, 1);
    assert_eq!(ask(&another, "How far is the moon away?").await.source, Source::Semantic);
}

/// Says no, and remembers what it was asked.
#[derive(Debug, Default)]
struct Strict(Mutex<Vec<(String, String)>>);

#[async_trait]
impl Verifier for Strict {
    async fn same(&self, asked: &str, stored: &str) -> Result<bool, ProviderError> {
        self.0.lock().unwrap().push((asked.to_owned(), stored.to_owned()));
        Ok(false)
    }
}

#[tokio::test]
async fn a_second_opinion_marks_what_is_wrong() {
    let fixture = Fixture::new();
    fixture.angles.set("the far side of the moon", 0.88);
    let strict = Arc::new(Strict::default());
    let settings = fixture.settings().verifier(strict.clone()).verify_share(1.0);
    let cache = fixture.cache_with(settings);
    ask(&cache, FIRST).await;
    assert_eq!(ask(&cache, SECOND).await.source, Source::Semantic);
    until("the pair is marked", || async { cache.statistics().semantic_marks == 1 }).await;
    let again = cache.complete_with(&request(SECOND), &yes().with_mode(Mode::ReadOnly)).await;
    assert_eq!(again.unwrap().source, Source::Computed);
    let near = cache.complete_with(&request("the far side of the moon"), &yes()).await;
    assert_eq!(near.unwrap().source, Source::Computed);
    cache.flush().await.unwrap();
    let counted = cache.statistics();
    assert_eq!((counted.semantic_verified, counted.semantic_verified_wrong), (1, 1));
    assert_eq!((counted.semantic_near_verified, counted.semantic_near_same), (1, 0));
    let asked = strict.0.lock().unwrap()[0].clone();
    assert_eq!(asked, (SECOND.to_owned(), FIRST.to_owned()));
}

/// Everything of a request but its question.
#[derive(Debug, Clone, PartialEq)]
struct Context {
    scope: usize,
    system: usize,
    before: usize,
    parameters: [usize; 3],
    other_model: bool,
}

fn context() -> impl Strategy<Value = Context> {
    let parts = (0..3usize, 0..3usize, 0..3usize, [0..2usize, 0..2, 0..2], any::<bool>());
    parts.prop_map(|(scope, system, before, parameters, other_model)| Context {
        scope,
        system,
        before,
        parameters,
        other_model,
    })
}

impl Context {
    fn request(&self, question: &str) -> ChatRequest {
        let mut messages: Vec<Value> = Vec::new();
        messages.extend(
            (self.system > 0)
                .then(|| json!({ "role": "system", "content": format!("s{}", self.system) })),
        );
        if self.before > 0 {
            messages.push(json!({ "role": "user", "content": "hello" }));
            messages.push(json!({ "role": "assistant", "content": format!("b{}", self.before) }));
        }
        messages.push(json!({ "role": "user", "content": question }));
        let [seed, tools, format] = self.parameters;
        let mut request = request("").with("messages", messages).with("seed", seed);
        if tools > 0 {
            request =
                request.with("tools", json!([{ "type": "function", "function": { "name": "f" } }]));
        }
        if format > 0 {
            request = request.with("response_format", json!({ "type": "json_object" }));
        }
        request
    }

    fn cache(&self, fixture: &Fixture) -> ResponseCache {
        if !self.other_model {
            return fixture.cache();
        }
        let provider = Arc::new(Renamed(fixture.provider.clone()));
        ResponseCache::builder(fixture.backend.clone(), provider)
            .share_statistics_every(None)
            .semantic(fixture.settings())
            .build()
            .unwrap()
    }

    fn options(&self) -> CallOptions {
        let scopes = [Scope::shared(), Scope::tenant("a"), Scope::tenant("a").with("user", "b")];
        yes().with_scope(scopes[self.scope].clone())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Every vector is the same here: the context alone keeps answers apart.
    #[test]
    fn no_answer_crosses_contexts(one in context(), other in context(), broken in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let served = runtime.block_on(async {
            let fixture = Fixture::new();
            fixture.shelf.ignores_filters.store(broken, Ordering::SeqCst);
            let cache = one.cache(&fixture);
            cache.complete_with(&one.request(FIRST), &one.options()).await.unwrap();
            cache.flush().await.unwrap();
            let cache = other.cache(&fixture);
            let answer = cache.complete_with(&other.request(SECOND), &other.options()).await.unwrap();
            answer.source == Source::Semantic
        });
        prop_assert_eq!(served, one == other);
    }
}
