//! Store, provider, services, guard and near cache as Prometheus is shown them.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use caching_with_redis::metrics::SECONDS_BUCKETS;
use caching_with_redis::{
    OBSERVED_METRICS, Observed, Settings, builder, open_backend, open_provider,
};
use metrics_exporter_prometheus::PrometheusBuilder;
use redis_test_server::TestServer;

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_shown_to_prometheus() {
    let builder_of = PrometheusBuilder::new().set_buckets(SECONDS_BUCKETS).unwrap();
    let prometheus = builder_of.install_recorder().unwrap();
    let server = TestServer::start();
    let environment = [
        ("REDIS_URL", server.url()),
        ("CACHE_METRICS", "true".to_owned()),
        ("CACHE_PROVIDER", "lexical".to_owned()),
        ("CACHE_NEAR_MEMORY", "1mb".to_owned()),
        ("CACHE_WRITE_BEHIND", "true".to_owned()),
        // A machine that runs many tests at once is slow.
        ("CACHE_READ_BUDGET", "10s".to_owned()),
        ("CACHE_LEASE_BUDGET", "10s".to_owned()),
        ("CACHE_WRITE_BUDGET", "10s".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value));
    let settings = Settings::from_sources(None, &environment, []).unwrap();
    let store = open_backend(&settings).await.unwrap();
    let provider = open_provider(&settings).await.unwrap().provider;
    let cache = builder(&settings, Arc::clone(&store.backend)).unwrap().provider(provider);
    let cache = cache.build().unwrap();
    for _ in 0..2 {
        cache.embed("my private words").await.unwrap();
    }
    store.close(Duration::from_secs(10)).await.unwrap();

    let task = Observed::new(&store).with_embeddings(&cache).every(Duration::from_millis(20));
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while !prometheus.render().contains("cache_guard_store_closed") {
        assert!(std::time::Instant::now() < deadline, "nothing was published");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    task.abort();
    let shown = prometheus.render();
    for line in [
        "cache_process_embedding_hits_total 1",
        "cache_process_embedding_misses_absent_total 1",
        "cache_process_embedding_hit_ratio 0.5",
        "cache_guard_store_closed 1",
        "cache_guard_writes_closed 1",
        "cache_guard_failures_total 0",
        "cache_guard_queue_entries 0",
        "cache_guard_queue_written_total 1",
        "cache_near_coherent",
        "cache_near_entries",
        "cache_near_hits_total",
        r#"cache_store_seconds_count{store="redis",operation="get",outcome="ok"}"#,
        r#"cache_store_keys_total{store="redis",operation="put"} 1"#,
        "cache_provider_seconds_count{",
    ] {
        assert!(shown.contains(line), "no {line} in {shown}");
    }
    assert!(!shown.contains("private"), "{shown}");
    let of_prefix =
        |name: &&str| name.starts_with("cache_guard_") || name.starts_with("cache_near_");
    let lines = shown.lines().filter(|line| !line.starts_with('#'));
    let published: BTreeSet<_> =
        lines.filter_map(|line| line.split(' ').next()).filter(of_prefix).collect();
    let documented: BTreeSet<_> = OBSERVED_METRICS.iter().map(|metric| metric.name).collect();
    assert_eq!(published, documented);
    for metric in OBSERVED_METRICS {
        let help = format!("# HELP {} {}", metric.name, metric.description);
        let kind = format!("# TYPE {} {}", metric.name, metric.kind.as_str());
        assert!(shown.contains(&help) && shown.contains(&kind), "{help}: {shown}");
    }
}
