//! Azure OpenAI or OpenAI behind the cache: the same texts twice, with the calls, the time and the
//! money of each run. Then a client of one's own that keeps its vectors in the cache.
//!
//! `cargo run --example openai_integration`
//!
//! Without `AZURE_OPENAI_ENDPOINT`, `AZURE_OPENAI_EMBEDDINGS_DEPLOYMENT` and `AZURE_OPENAI_API_KEY`,
//! or `OPENAI_API_KEY`, it asks a server of its own that speaks their API.
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use caching_with_redis::core::{EmbeddingProvider, EmbeddingProviderExt, Namespace};
use caching_with_redis::settings::ProviderChoice;
use caching_with_redis::{EmbeddingCache, Settings, builder, open_backend, open_provider};
use openai_test_server::TestServer;

const TEXTS: [&str; 6] = [
    "What does an embedding cache do?",
    "임베딩 캐시는 무엇을 합니까?",
    "It keeps the vector of every text that was embedded.",
    "What does an embedding cache do?",
    "The second time nobody has to be asked, and nobody has to be paid.",
    "두 번째에는 아무에게도 묻지 않고 비용도 들지 않습니다.",
];

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (settings, _server) = settings().await?;
    let opened = open_provider(&settings).await?;
    let identity = opened.provider.identity();
    let store = open_backend(&settings).await?;
    println!("provider: {} {} ({})", identity.provider, identity.model, opened.why);
    println!("store:    {} ({})\n", store.backend.info().kind, store.why);

    // A part of the store of its own, so that the first run finds nothing.
    let cache = builder(&settings, store.backend)?
        .namespace(Namespace::new("openai-integration")?)
        .provider(Arc::clone(&opened.provider))
        .build()?;
    cache.clear().await?;
    for run in ["first run", "second run"] {
        let before = cache.statistics();
        let start = Instant::now();
        let vectors = cache.embed_batch(&TEXTS).await?;
        let time = start.elapsed();
        let done = cache.statistics().since(&before);
        println!("{run}: {} vectors, {} hits, in {time:.1?}", vectors.len(), done.hits);
        println!(
            "  {} calls, {} tokens, ${:.8} spent",
            done.provider_calls,
            done.provider_tokens,
            done.money_spent()
        );
        println!(
            "  {} tokens, ${:.8} and {:.1?} saved",
            done.tokens_saved,
            done.money_saved(),
            done.time_saved()
        );
    }
    cache.clear().await?;
    with_a_client_of_its_own(&settings, opened.provider).await
}

/// A client as applications have it, with the cache inside.
struct Client {
    cache: EmbeddingCache,
    provider: Arc<dyn EmbeddingProvider>,
    model: String,
}

impl Client {
    /// The closure borrows the client; it runs only when the cache has nothing.
    async fn embed(&self, text: &str) -> anyhow::Result<Vec<f32>> {
        let request = |text: String| async move {
            println!("  (the service is called)");
            Ok(self.provider.embed_one(&text).await?.into())
        };
        Ok(self.cache.get_or_compute(text, &self.model, request).await?)
    }
}

async fn with_a_client_of_its_own(
    settings: &Settings,
    provider: Arc<dyn EmbeddingProvider>,
) -> anyhow::Result<()> {
    let cache = EmbeddingCache::from_settings(settings).await?;
    let model = provider.identity().model;
    cache.remove(TEXTS[0], &model).await?;
    let client = Client { cache, provider, model };
    println!("\na client of one's own, twice:");
    for _ in 0..2 {
        let start = Instant::now();
        let vector = client.embed(TEXTS[0]).await?;
        println!("  {} numbers in {:.1?}", vector.len(), start.elapsed());
    }
    println!("  hit rate {:.0} %", client.cache.get_stats().await.hit_rate() * 100.0);
    client.cache.inner().flush().await?;
    Ok(())
}

/// The user's settings where they name a service; else those of a server that this program starts
/// and that takes 150 ms for an answer.
async fn settings() -> anyhow::Result<(Settings, Option<TestServer>)> {
    let settings = Settings::load()?;
    if open_provider(&settings).await?.choice.is_remote() {
        return Ok((settings, None));
    }
    println!("No service is set up: this asks a server of its own. Prices are those of Azure.\n");
    let server = TestServer::builder().latency(Duration::from_millis(150)).start().await;
    let overrides = [
        ("provider", ProviderChoice::OpenAi.to_string()),
        ("openai_base_url", format!("{}/v1", server.url())),
        ("openai_api_key", "test-key".to_owned()),
        ("openai_embeddings_model", "text-embedding-3-small".to_owned()),
    ];
    Ok((Settings::load_with(overrides)?, Some(server)))
}
