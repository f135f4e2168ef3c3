//! Bounds in bytes, here and there.

use cache_core::vector::{Filter, IndexSchema, VectorEntry, VectorIndex, VectorQuery, VectorStore};
use cache_core::{Embedding, ErrorKind};
use cache_redis::{VectorEngine, VectorOptions};
use redis_test_server::TestServer;

use crate::support::assert_says;
use crate::{local, name, numbered, plain, schema, store};

fn options() -> VectorOptions {
    VectorOptions::new().with_engine(VectorEngine::Plain)
}

async fn ids(index: &dyn VectorIndex) -> Vec<String> {
    let axis = Embedding::new(vec![1.0, 0.0, 0.0]).unwrap();
    let all = VectorQuery::nearest(axis, 10_000);
    let found = index.search_many(&[all]).await.unwrap().remove(0);
    found.into_iter().map(|found| found.id.as_str().to_owned()).collect()
}

/// Bytes that keys under a prefix take.
fn memory(server: &TestServer) -> u64 {
    let sum = "local sum = 0 for _, key in ipairs(redis.call('KEYS', 'app:vec:*')) do \
               sum = sum + redis.call('MEMORY', 'USAGE', key, 'SAMPLES', 0) end return sum";
    server.command(&["EVAL", sum, "0"]).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_index_drops_what_was_written_first_wherever_it_is() {
    const MOST: u64 = 100_000;
    let server = TestServer::start();
    let bounded = store(&server.url(), options().with_max_stored_bytes(MOST)).await;
    let index = bounded.open(&name("full"), &schema());
    let other = plain(&server.url()).await.open(&name("full"), &schema());
    for start in (0..1_000).step_by(50) {
        index.upsert_many(&numbered(start..start + 50)).await.unwrap();
        index.upsert_many(&numbered(0..1)).await.unwrap();
        // It learns of every removal, one by one.
        assert_eq!(other.count(&Filter::All).await.unwrap(), ids(&*index).await.len() as u64);
    }
    let info = index.info().await.unwrap().unwrap();
    assert!(info.bytes <= MOST && info.bytes > MOST - 500, "{} bytes", info.bytes);
    let found = ids(&*other).await;
    assert_eq!(found.len() as u64, info.entries);
    let first = 1_000 - (found.len() - 1);
    let expected = std::iter::once(0).chain(first..1_000).map(|id| format!("{id:05}"));
    assert_eq!(found, expected.collect::<Vec<_>>(), "the latest, the first one among them");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_counted_is_about_what_the_server_needs() {
    for dimensions in [3, 384, 1_536] {
        let server = TestServer::start();
        let schema = IndexSchema::new(dimensions).unwrap();
        let index = plain(&server.url()).await.open(&name("size"), &schema);
        let vector = |i: usize| {
            let at = |j: usize| ((i * 31 + j * 17 + i * j * 7) % 1_009) as f32 / 1_009.3 - 0.5;
            Embedding::new((0..dimensions).map(at).collect::<Vec<_>>()).unwrap()
        };
        let entries: Vec<_> = numbered(0..2_000)
            .into_iter()
            .enumerate()
            .map(|(i, entry)| VectorEntry::new(entry.id, vector(i), entry.ttl))
            .collect();
        index.upsert_many(&entries).await.unwrap();
        let counted = index.info().await.unwrap().unwrap().bytes as f64;
        let needed = memory(&server) as f64;
        println!("{dimensions} dimensions: counted {counted}, needed {needed}");
        assert!((0.8..1.25).contains(&(counted / needed)), "{dimensions}: {counted} of {needed}");
    }
}

#[tokio::test]
async fn an_entry_that_is_alone_too_large_is_refused_before_anything_is_written() {
    let server = TestServer::start();
    let index = plain(&server.url()).await.open(&name("large"), &schema());
    index.upsert_many(&numbered(7..8)).await.unwrap();
    let takes = index.info().await.unwrap().unwrap().bytes;
    index.drop_index().await.unwrap();
    for (bytes, fits) in [(takes, true), (takes - 1, false)] {
        let store = store(&server.url(), options().with_max_stored_bytes(bytes)).await;
        let index = store.open(&name("large"), &schema());
        let written = index.upsert_many(&numbered(7..8)).await;
        if fits {
            written.unwrap();
            assert_eq!(index.count(&Filter::All).await.unwrap(), 1);
            index.drop_index().await.unwrap();
        } else {
            let error = written.unwrap_err();
            assert_says(&error, ErrorKind::Full, &["with_max_stored_bytes"]);
            assert!(index.info().await.unwrap().is_none());
        }
    }
}

#[tokio::test]
async fn an_index_that_does_not_fit_here_is_refused_until_it_does() {
    let server = TestServer::start();
    let large = plain(&server.url()).await.open(&name("large"), &schema());
    large.upsert_many(&numbered(0..5_000)).await.unwrap();
    let small = store(&server.url(), options().with_max_local_bytes(400_000)).await;
    let index = small.open(&name("large"), &schema());
    for _ in 0..3 {
        let error = index.count(&Filter::All).await.unwrap_err();
        assert_says(&error, ErrorKind::Full, &["with_max_local_bytes"]);
        let local = local(&small);
        assert!(local.bytes <= 400_000 && !local.is_whole && local.loads == 1, "{local:?}");
    }
    let gone: Vec<_> = numbered(0..4_500).into_iter().map(|entry| entry.id).collect();
    large.remove_many(&gone).await.unwrap();
    assert_eq!(index.count(&Filter::All).await.unwrap(), 500);
}

#[tokio::test]
async fn a_server_without_memory_refuses_a_write_and_keeps_what_it_has() {
    let server = TestServer::builder().max_memory("0", "noeviction").start();
    let index = plain(&server.url()).await.open(&name("oom"), &schema());
    index.upsert_many(&numbered(0..10)).await.unwrap();
    server.command(&["CONFIG", "SET", "maxmemory", "1mb"]);
    let error = index.upsert_many(&numbered(10..20)).await.unwrap_err();
    assert_says(&error, ErrorKind::Full, &["maxmemory"]);
    assert_eq!(ids(&*index).await.len(), 10);
    let gone: Vec<_> = numbered(0..4).into_iter().map(|entry| entry.id).collect();
    assert_eq!(index.remove_many(&gone).await.unwrap(), [true; 4], "room is made all the same");
    assert_eq!(ids(&*index).await.len(), 6);
}
