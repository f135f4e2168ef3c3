//! The interface that readers of the project's first documents know compiles and works as it is
//! written there, over a real Redis.
#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicUsize, Ordering};

use caching_with_redis::{CompressedEmbeddingCache, EmbeddingCache};
use redis_test_server::TestServer;

#[tokio::test]
async fn the_first_steps() -> anyhow::Result<()> {
    let server = TestServer::start();
    let cache = EmbeddingCache::new(&server.url(), 3600).await?;

    let vector = cache
        .get_or_compute("text", "model", |text: String| async move {
            assert_eq!(text, "text");
            Ok(vec![0.1, 0.2])
        })
        .await?;
    let _: Vec<f32> = vector.clone();
    assert_eq!(vector, [0.1, 0.2]);

    let texts = vec!["text".to_string(), "other".to_string(), "text".to_string()];
    let vectors = cache
        .get_or_compute_batch(&texts, "model", |batch: Vec<String>| async move {
            assert_eq!(batch, ["other"], "only what is missing");
            Ok::<Vec<Vec<f32>>, anyhow::Error>(batch.iter().map(|_| vec![0.3, 0.4]).collect())
        })
        .await?;
    assert_eq!(vectors, [[0.1, 0.2], [0.3, 0.4], [0.1, 0.2]]);

    let stats = cache.get_stats().await;
    assert_eq!(stats.total_keys, 2);
    assert!((stats.hit_rate() - 1.0 / 3.0).abs() < 1e-9, "{}", stats.hit_rate());
    Ok(())
}

/// A client as applications write it: the closure borrows the client.
struct Client {
    cache: EmbeddingCache,
    calls: AtomicUsize,
}

impl Client {
    async fn request(&self, text: &str) -> anyhow::Result<Vec<f32>> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Ok(vec![text.len() as f32, 1.0])
    }

    async fn embed(&self, text: &str) -> anyhow::Result<Vec<f32>> {
        let vector = self
            .cache
            .get_or_compute(text, "model", |text| async move { self.request(&text).await })
            .await?;
        Ok(vector)
    }

    async fn embed_all(&self, texts: &[&str]) -> anyhow::Result<Vec<Vec<f32>>> {
        Ok(self
            .cache
            .get_or_compute_batch(texts, "model", |batch| async move {
                let mut vectors = Vec::new();
                for text in &batch {
                    vectors.push(self.request(text).await?);
                }
                Ok(vectors)
            })
            .await?)
    }
}

#[tokio::test]
async fn closures_may_borrow() -> anyhow::Result<()> {
    let cache = EmbeddingCache::new("memory:", 60).await?;
    let client = Client { cache, calls: AtomicUsize::new(0) };
    assert_eq!(client.embed("four").await?, [4.0, 1.0]);
    assert_eq!(client.embed("four").await?, [4.0, 1.0]);
    assert_eq!(client.embed_all(&["four", "a", "a"]).await?, [[4.0, 1.0], [1.0, 1.0], [1.0, 1.0]]);
    assert_eq!(client.calls.load(Ordering::Relaxed), 2);
    Ok(())
}

#[tokio::test]
async fn the_compressed_cache() -> anyhow::Result<()> {
    let server = TestServer::start();
    let compressed_cache = CompressedEmbeddingCache::new(&server.url(), 3600).await?;
    let original: Vec<f32> = (0..1536).map(|i| ((i * 37 % 101) as f32 - 50.0) / 1000.0).collect();
    for _ in 0..2 {
        let given = original.clone();
        let vector =
            compressed_cache.get_or_compute("text", "model", |_| async move { Ok(given) }).await?;
        let dot: f64 = vector.iter().zip(&original).map(|(a, b)| f64::from(a * b)).sum();
        let norm = |v: &[f32]| v.iter().map(|x| f64::from(x * x)).sum::<f64>().sqrt();
        assert!(dot / (norm(&vector) * norm(&original)) >= 0.9999);
    }
    let stats = compressed_cache.get_compression_stats().await?;
    assert!(stats.compression_ratio > 3.5, "{stats:?}");
    assert!(stats.memory_saved_percent() > 70.0, "{stats:?}");
    assert_eq!(compressed_cache.get_stats().await.total_keys, 1);

    // An exact cache of the same model on the same server is not given rounded vectors.
    let exact = EmbeddingCache::new(&server.url(), 3600).await?;
    assert_eq!(exact.get("text", "model").await?, None);
    Ok(())
}

#[tokio::test]
async fn errors_name_what_happened() {
    let closed = EmbeddingCache::new("redis://127.0.0.1:1", 3600).await.unwrap_err().to_string();
    assert!(closed.contains("127.0.0.1:1"), "{closed}");
    let secret = EmbeddingCache::new("redis://u:hunter2@127.0.0.1:1", 3600).await.unwrap_err();
    assert!(!format!("{secret} {secret:?}").contains("hunter2"));
    assert!(EmbeddingCache::new("memory:", 0).await.unwrap_err().to_string().contains("TTL"));
    assert!(EmbeddingCache::new("http://x", 1).await.is_err());

    let cache = EmbeddingCache::new("memory:", 60).await.unwrap();
    let failed = cache
        .get_or_compute("text", "model", |_| async { Err(anyhow::anyhow!("quota exceeded")) })
        .await
        .unwrap_err();
    let chain: Vec<String> = anyhow::Error::from(failed).chain().map(ToString::to_string).collect();
    assert!(chain.iter().any(|message| message == "quota exceeded"), "{chain:?}");
    assert!(cache.get_or_compute("", "model", |_| async { Ok(vec![1.0]) }).await.is_err());
}
