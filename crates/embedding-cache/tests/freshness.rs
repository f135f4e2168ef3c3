//! How long an entry is served, and what happens at the end of its time.
#![allow(clippy::unwrap_used)]

mod common;

use cache_test_support::on_every_store;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cache_core::codec::{self, EntryMeta, VectorPolicy};
use cache_core::{CacheBackendExt, EmbedResponse, Embedding, Scope, StoredValue, Ttl};
use common::{Operation, Store, TestProvider, builder, cache, closures, millis, texts, ttl, until};
use embedding_cache::{EmbeddingCache, Error, Lookup, Mode, Source};

on_every_store!(
    an_entry_is_gone_after_its_ttl,
    ttls_are_spread_below_the_ttl,
    vectors_from_elsewhere_have_ttls_of_their_own,
    a_call_may_take_only_young_entries,
    sliding_moves_the_end_and_not_the_longest_life,
    a_stale_entry_is_served_while_one_caller_refreshes_it,
    two_caches_refresh_a_stale_entry_once,
    a_stale_entry_stands_in_for_a_failing_provider,
    stale_entries_are_not_served_beyond_their_windows,
    modes_do_what_they_say,
    a_new_generation_sees_nothing_of_the_old_one,
    scopes_share_nothing,
);

const LONG: Duration = Duration::from_secs(3_600);
/// A TTL, and a pause after which it is over on any machine.
const SHORT: u64 = 150;
const OVER: Duration = Duration::from_millis(300);

/// A provider whose vectors tell which call they come from: 1, 2, …
fn versions() -> TestProvider {
    let count = AtomicU32::new(0);
    TestProvider::new().with_script(move |inputs| {
        let version = count.fetch_add(1, Ordering::SeqCst) + 1;
        let vector = Embedding::new(vec![version as f32, 0.5]).unwrap();
        Some(Ok(EmbedResponse::new(vec![vector; inputs.len()])))
    })
}

fn version(lookup: &Lookup) -> f32 {
    lookup.embedding[0]
}

async fn look_up(cache: &EmbeddingCache, text: &str) -> (f32, Source) {
    let lookup = cache.provider().unwrap().look_up(text).await.unwrap();
    (version(&lookup), lookup.source)
}

async fn an_entry_is_gone_after_its_ttl(store: Store) {
    let backend = store.watched();
    let cache = cache(&backend, &Arc::new(versions()));
    let model = cache.provider().unwrap();
    model.clone().with_ttl(ttl(SHORT)).look_up("short").await.unwrap();
    model.clone().with_ttl(Ttl::FOREVER).look_up("endless").await.unwrap();
    model.look_up("long").await.unwrap();
    let hour = Ttl::seconds(3_600).unwrap();
    assert_eq!(backend.take_ttls(), [ttl(SHORT), Ttl::FOREVER, hour]);
    tokio::time::sleep(OVER).await;
    assert_eq!(look_up(&cache, "short").await, (4.0, Source::Computed));
    assert_eq!(look_up(&cache, "endless").await, (2.0, Source::Hit));
    assert_eq!(look_up(&cache, "long").await, (3.0, Source::Hit));
}

async fn ttls_are_spread_below_the_ttl(store: Store) {
    let backend = store.watched();
    let of =
        |jitter| builder(&backend, &Arc::new(versions())).ttl(ttl(1_000_000)).ttl_jitter(jitter);
    let longest = |ttls: &[Ttl]| ttls.iter().filter_map(|ttl| ttl.as_millis()).max().unwrap();
    let shortest = |ttls: &[Ttl]| ttls.iter().filter_map(|ttl| ttl.as_millis()).min().unwrap();

    of(0.2).build().unwrap().embed_batch(&texts(500)).await.unwrap();
    let ttls = backend.take_ttls();
    assert_eq!(ttls.len(), 500);
    assert!((800_000..=820_000).contains(&shortest(&ttls)), "{}", shortest(&ttls));
    assert!((980_000..=1_000_000).contains(&longest(&ttls)), "{}", longest(&ttls));

    of(0.0).generation(1).build().unwrap().embed_batch(&texts(50)).await.unwrap();
    assert_eq!(backend.take_ttls(), [ttl(1_000_000); 50]);
    for bad in [1.0, -0.1, f64::NAN, f64::INFINITY] {
        assert!(of(bad).build().is_err(), "{bad}");
    }
}

async fn vectors_from_elsewhere_have_ttls_of_their_own(store: Store) {
    let backend = store.watched();
    let cache = cache(&backend, &Arc::new(versions()));
    let model = cache.provider().unwrap().clone().with_ttl(ttl(5_000));
    let one = |text, of: Ttl| (text, vec![0.25f32, 7.0], of);
    let given = [one("short", ttl(SHORT)), one("endless", Ttl::FOREVER)];
    model.put_batch_with_ttls(given).await.unwrap();
    model.put("as ever", vec![1.0, 2.0]).await.unwrap();
    assert_eq!(backend.take_ttls(), [ttl(SHORT), Ttl::FOREVER, ttl(5_000)]);
    tokio::time::sleep(OVER).await;
    assert_eq!(model.contains_batch(&["short", "endless"]).await.unwrap(), [false, true]);

    // Its end of freshness is of its own, too, where that is not the end of the entry.
    let lasting = builder(&backend, &Arc::new(versions())).generation(1);
    let lasting = lasting.stale_while_revalidate(LONG).build().unwrap();
    let model = lasting.provider().unwrap();
    model.put_batch_with_ttls([one("short", ttl(SHORT))]).await.unwrap();
    assert_eq!(backend.take_ttls(), [ttl(SHORT + 3_600_000)]);
    tokio::time::sleep(OVER).await;
    assert_eq!(model.get("short").await.unwrap().unwrap().source, Source::Stale);
}

async fn a_call_may_take_only_young_entries(store: Store) {
    let cache = cache(&store.watched(), &Arc::new(versions()));
    let model = cache.provider().unwrap();
    assert_eq!(look_up(&cache, "a").await, (1.0, Source::Computed));
    tokio::time::sleep(millis(60)).await;
    let old = model.clone().with_max_age(LONG).look_up("a").await.unwrap();
    assert_eq!((version(&old), old.source), (1.0, Source::Hit));
    assert!(old.age() >= millis(50) && old.age() < LONG);
    let young = model.clone().with_max_age(millis(30)).look_up("a").await.unwrap();
    assert_eq!((version(&young), young.source), (2.0, Source::Computed));
    assert_eq!(cache.statistics().misses_too_old, 1);
    assert_eq!(look_up(&cache, "a").await, (2.0, Source::Hit), "the new one is stored");
    tokio::time::sleep(millis(60)).await;
    let none = model.clone().with_max_age(millis(30)).get("a").await.unwrap();
    assert!(none.is_none());
}

async fn sliding_moves_the_end_and_not_the_longest_life(store: Store) {
    let (backend, longest) = (store.watched(), Duration::from_secs(5));
    let cache =
        builder(&backend, &Arc::new(versions())).ttl(ttl(2_000)).sliding(longest).build().unwrap();
    assert_eq!(look_up(&cache, "used").await, (1.0, Source::Computed));
    assert_eq!(look_up(&cache, "unused").await, (2.0, Source::Computed));
    let short = cache.provider().unwrap().clone().with_ttl(ttl(700));
    short.look_up("short").await.unwrap();
    look_up(&cache, "short").await;
    cache.flush().await.unwrap();
    assert_eq!(backend.take_ttls(), [ttl(2_000), ttl(2_000), ttl(700), ttl(700)]);

    for _ in 0..6 {
        tokio::time::sleep(millis(500)).await;
        assert_eq!(look_up(&cache, "used").await, (1.0, Source::Hit));
    }
    // Three seconds: longer than the TTL, which only uses have moved.
    assert_eq!(look_up(&cache, "unused").await.1, Source::Computed);
    while cache.provider().unwrap().get("used").await.unwrap().is_some_and(|l| l.age() < longest) {
        tokio::time::sleep(millis(200)).await;
    }
    assert_eq!(look_up(&cache, "used").await.1, Source::Computed);
    cache.flush().await.unwrap();
    assert!(backend.take_ttls().iter().all(|slid| *slid <= ttl(2_000)));
}

async fn a_stale_entry_is_served_while_one_caller_refreshes_it(store: Store) {
    let provider = Arc::new(versions().with_gate());
    let cache = builder(&store.watched(), &provider)
        .ttl(ttl(SHORT))
        .stale_while_revalidate(LONG)
        .build()
        .unwrap();
    provider.open(1);
    assert_eq!(look_up(&cache, "a").await, (1.0, Source::Computed));
    tokio::time::sleep(OVER).await;
    // The provider lets nobody through: whoever waited for it would never return.
    for _ in 0..20 {
        assert_eq!(look_up(&cache, "a").await, (1.0, Source::Stale));
    }
    until("it is refreshed", async || provider.call_count() == 2).await;
    let lookups = cache.provider().unwrap().embed_each(&["a", "a"]).await.unwrap();
    assert!(lookups.iter().all(|lookup| lookup.as_ref().unwrap().source == Source::Stale));
    let statistics = cache.statistics();
    assert_eq!((statistics.stale_hits, statistics.misses()), (21, 1));
    provider.open(1);
    cache.flush().await.unwrap();
    let fresh = cache.provider().unwrap().get("a").await.unwrap().unwrap();
    assert_eq!(version(&fresh), 2.0);
    assert_eq!(provider.call_count(), 2);
}

async fn two_caches_refresh_a_stale_entry_once(store: Store) {
    let provider = Arc::new(versions().with_gate());
    let (one, other) = (store.watched(), store.another().await);
    let open = |backend| {
        builder(backend, &provider)
            .stale_while_revalidate(2 * LONG)
            .coordination(common::long_leases())
            .build()
            .unwrap()
    };
    let (one, other) = (open(&one), open(&other));
    put_old(&one, "a").await;
    assert_eq!(look_up(&one, "a").await, (0.0, Source::Stale));
    until("it is refreshed", async || provider.call_count() == 1).await;
    assert_eq!(look_up(&other, "a").await, (0.0, Source::Stale));
    tokio::time::sleep(millis(50)).await;
    assert_eq!(provider.call_count(), 1);
    provider.open(1);
    one.flush().await.unwrap();
    other.flush().await.unwrap();
    assert_eq!(provider.call_count(), 1);
    assert_eq!(look_up(&other, "a").await, (1.0, Source::Hit));
}

/// Stores an entry as a cache would have done an hour and a half ago, with a TTL of an hour.
async fn put_old(cache: &EmbeddingCache, text: &str) {
    let key = cache.provider().unwrap().key(text);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let meta = EntryMeta {
        created_at_ms: u64::try_from((now - LONG * 3 / 2).as_millis()).unwrap(),
        fresh_for: Some(LONG),
        ..EntryMeta::default()
    };
    let embedding = Embedding::new(vec![0.0, 0.5]).unwrap();
    let frame = codec::encode(key.hash(), &meta, &embedding, VectorPolicy::Lossless);
    cache.backend().put(key, StoredValue::new(frame.bytes), Ttl::FOREVER).await.unwrap();
}

async fn a_stale_entry_stands_in_for_a_failing_provider(store: Store) {
    let provider = Arc::new(TestProvider::new());
    let cache =
        builder(&store.watched(), &provider).ttl(ttl(SHORT)).stale_if_error(LONG).build().unwrap();
    let known = cache.embed("a").await.unwrap();
    tokio::time::sleep(OVER).await;
    provider.fail();
    let lookup = cache.provider().unwrap().look_up("a").await.unwrap();
    assert_eq!((&lookup.embedding, lookup.source), (&known, Source::Stale));
    assert!(lookup.age() >= OVER);
    provider.follow(|_| panic!("a provider that panics"));
    let lookup = cache.provider().unwrap().look_up("a").await.unwrap();
    assert_eq!((&lookup.embedding, lookup.source), (&known, Source::Stale));
    let results = cache.provider().unwrap().embed_each(&["never seen", "a"]).await.unwrap();
    assert!(matches!(results[0], Err(Error::Aborted)));
    assert_eq!(results[1].as_ref().unwrap().source, Source::Stale);
    // No caller that asked for more gets it.
    let model = cache.provider().unwrap().clone();
    model.clone().with_max_age(millis(1)).look_up("a").await.unwrap_err();
    model.with_mode(Mode::Refresh).look_up("a").await.unwrap_err();
    provider.recover();
    let lookup = cache.provider().unwrap().look_up("a").await.unwrap();
    assert_eq!(lookup.source, Source::Computed);
}

async fn stale_entries_are_not_served_beyond_their_windows(store: Store) {
    let backend = store.watched();
    let provider = Arc::new(TestProvider::new());
    let short = || builder(&backend, &provider).ttl(ttl(SHORT));
    let revalidating = short().stale_while_revalidate(millis(50)).build().unwrap();
    let forgiving = short().generation(1).stale_if_error(millis(50)).build().unwrap();
    let patient = short().generation(2).stale_while_revalidate(LONG).build().unwrap();
    let strict = short().generation(2).build().unwrap();
    for cache in [&revalidating, &forgiving, &patient] {
        cache.embed("a").await.unwrap();
    }
    tokio::time::sleep(OVER).await;
    let source = async |cache: &EmbeddingCache| {
        cache.provider().unwrap().look_up("a").await.map(|lookup| lookup.source)
    };
    assert_eq!(source(&revalidating).await.unwrap(), Source::Computed);
    provider.fail();
    source(&forgiving).await.unwrap_err();
    // A window is the reader's: what another wrote for longer is not served for longer.
    source(&strict).await.unwrap_err();
    assert_eq!(strict.statistics().misses_expired, 1);
    assert!(strict.provider().unwrap().get("a").await.unwrap().is_none());
    assert_eq!(source(&patient).await.unwrap(), Source::Stale);
    patient.flush().await.unwrap();
}

async fn modes_do_what_they_say(store: Store) {
    let (provider, backend) = (Arc::new(versions()), store.watched());
    let cache = cache(&backend, &provider);
    let model = cache.provider().unwrap();
    let read_only = model.clone().with_mode(Mode::ReadOnly);
    let refresh = model.clone().with_mode(Mode::Refresh);
    let bypass = model.clone().with_mode(Mode::Bypass);

    let lookup = read_only.look_up("a").await.unwrap();
    assert_eq!((version(&lookup), lookup.source, lookup.codec), (1.0, Source::Computed, None));
    assert_eq!(backend.take_calls(), [(Operation::Get, 1)].into());
    assert_eq!(look_up(&cache, "a").await, (2.0, Source::Computed));
    assert_eq!(read_only.look_up("a").await.unwrap().source, Source::Hit);

    let lookup = refresh.look_up("a").await.unwrap();
    assert_eq!((version(&lookup), lookup.source), (3.0, Source::Computed));
    assert_eq!(look_up(&cache, "a").await, (3.0, Source::Hit));

    backend.take_calls();
    assert_eq!(version(&bypass.look_up("a").await.unwrap()), 4.0);
    assert!(backend.take_calls().is_empty());
    assert_eq!(look_up(&cache, "a").await, (3.0, Source::Hit));
    let statistics = cache.statistics();
    assert_eq!((statistics.misses_refresh, statistics.misses_bypass), (1, 1));

    let stale =
        builder(&backend, &provider).generation(1).stale_while_revalidate(LONG).build().unwrap();
    put_old(&stale, "a").await;
    let read_only = stale.provider().unwrap().clone().with_mode(Mode::ReadOnly);
    assert_eq!(read_only.look_up("a").await.unwrap().source, Source::Stale);
    stale.flush().await.unwrap();
    assert_eq!(provider.call_count(), 4, "what could not be stored is not computed");
}

async fn a_new_generation_sees_nothing_of_the_old_one(store: Store) {
    let (provider, backend) = (Arc::new(versions()), store.watched());
    let of = |generation| builder(&backend, &provider).generation(generation).build().unwrap();
    assert_eq!(look_up(&of(0), "a").await, (1.0, Source::Computed));
    assert_eq!(look_up(&of(1), "a").await, (2.0, Source::Computed));
    assert_eq!(look_up(&of(0), "a").await, (1.0, Source::Hit));
    assert_eq!(look_up(&of(1), "a").await, (2.0, Source::Hit));
}

async fn scopes_share_nothing(store: Store) {
    let backend = store.watched();
    let cache = closures(&backend);
    let scopes = [
        Scope::shared(),
        Scope::tenant("1"),
        Scope::tenant("1").with("user", "2"),
        Scope::tenant("1 user:2"),
    ];
    for (index, scope) in (0u8..).zip(&scopes) {
        let model = cache.model("m").with_scope(scope.clone());
        assert!(model.get("a").await.unwrap().is_none());
        model.put("a", vec![f32::from(index)]).await.unwrap();
    }
    for (index, scope) in (0u8..).zip(&scopes) {
        let model = cache.model("m").with_scope(scope.clone());
        assert_eq!(version(&model.get("a").await.unwrap().unwrap()), f32::from(index));
    }
    let of_tenant =
        EmbeddingCache::builder(backend).scope(Scope::tenant("1")).unguarded().build().unwrap();
    let found = of_tenant.model("m").get("a").await.unwrap().unwrap();
    assert_eq!(version(&found), 1.0);
    assert!(cache.model("another").get("a").await.unwrap().is_none());
}
