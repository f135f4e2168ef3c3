//! What a program says that was built without a feature, and that it says nothing of the kind with it. Holds for
//! every set of features; the checks run it with all of them and with none.
#![allow(clippy::unwrap_used)]

use caching_with_redis::{EmbeddingCache, Settings, open_backend, open_provider};

/// Opens store and provider. No case gets through, so that both answers are errors.
async fn complaint(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let opened = async {
        let settings = Settings::from_sources(None, &pairs, [])?;
        open_backend(&settings).await?;
        open_provider(&settings).await.map(|_| ())
    };
    opened.await.unwrap_err().to_string()
}

#[tokio::test]
async fn what_was_left_out_is_named_with_its_setting() {
    const IN_MEMORY: (&str, &str) = ("CACHE_BACKEND", "memory");
    // A port where nobody listens, a file below one, keys and a model that are not there.
    let nobody = ("REDIS_URL", "redis://127.0.0.1:1");
    let nowhere = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml/below");
    let cases = [
        ("redis", cfg!(feature = "redis"), "REDIS_URL", vec![nobody]),
        (
            "redis",
            cfg!(feature = "redis"),
            "CACHE_BACKEND",
            vec![("CACHE_BACKEND", "redis"), nobody],
        ),
        (
            "embedded",
            cfg!(feature = "embedded"),
            "CACHE_BACKEND",
            vec![("CACHE_BACKEND", "embedded"), ("CACHE_FILE", nowhere)],
        ),
        (
            "encryption",
            cfg!(feature = "encryption"),
            "CACHE_ENCRYPTION_KEYS",
            vec![IN_MEMORY, ("CACHE_ENCRYPTION_KEYS", "/nowhere/at/all")],
        ),
        (
            "azure",
            cfg!(feature = "azure"),
            "CACHE_PROVIDER",
            vec![IN_MEMORY, ("CACHE_PROVIDER", "azure")],
        ),
        (
            "azure",
            cfg!(feature = "azure"),
            "CACHE_PROVIDER",
            vec![IN_MEMORY, ("CACHE_PROVIDER", "openai")],
        ),
        (
            "local",
            cfg!(feature = "local"),
            "CACHE_PROVIDER",
            vec![IN_MEMORY, ("CACHE_DIMENSIONS", "3")],
        ),
        (
            "local-model",
            cfg!(feature = "local-model"),
            "CACHE_MODEL_DIR",
            vec![IN_MEMORY, ("CACHE_MODEL_DIR", "/nowhere/at/all")],
        ),
    ];
    for (feature, is_on, setting, pairs) in cases {
        let error = complaint(&pairs).await;
        let is_named = error.contains(&format!("feature `{feature}`"));
        assert_eq!(is_named, !is_on, "{feature}: {error}");
        assert!(is_on || error.contains(setting), "{feature}: {error}");
    }
}

#[test]
fn measuring_needs_its_feature() {
    let measured = [("CACHE_METRICS".to_owned(), "true".to_owned())];
    let loaded = Settings::from_sources(None, &measured, []).map_err(|error| error.to_string());
    match cfg!(feature = "metrics") {
        true => assert!(loaded.unwrap().metrics),
        false => assert!(loaded.unwrap_err().contains("feature `metrics`")),
    }
}

#[tokio::test]
async fn addresses_name_what_they_need() {
    for (url, feature, is_on) in [
        ("redis://127.0.0.1:1", "redis", cfg!(feature = "redis")),
        ("file:/dev/null/below", "embedded", cfg!(feature = "embedded")),
    ] {
        let error = EmbeddingCache::new(url, 60).await.unwrap_err().to_string();
        assert_eq!(error.contains(&format!("feature `{feature}`")), !is_on, "{error}");
    }
}

#[cfg(all(feature = "redis", not(feature = "tls")))]
#[tokio::test]
async fn tls_names_its_feature() {
    let error = EmbeddingCache::new("rediss://127.0.0.1:1", 60).await.unwrap_err().to_string();
    assert!(error.contains("feature `tls`"), "{error}");
}

/// What is always there.
#[tokio::test]
async fn memory_needs_no_feature() {
    let cache = EmbeddingCache::new("memory:", 60).await.unwrap();
    for _ in 0..2 {
        let vector = cache.get_or_compute("text", "model", |_| async { Ok(vec![1.0, 2.0]) });
        assert_eq!(vector.await.unwrap(), [1.0, 2.0]);
    }
    assert_eq!(cache.get_stats().await.hits, 1);
}
