//! Which provider the settings choose, what it needs, and that it works over a real socket.
#![allow(clippy::unwrap_used)]

use caching_with_redis::core::EmbeddingProviderExt;
use caching_with_redis::settings::ProviderChoice;
use caching_with_redis::{
    ChatProviderExt, ChatRequest, OpenedProvider, Settings, WhyProvider, open_chat, open_provider,
};
use openai_test_server::TestServer;

fn settings(pairs: &[(&str, &str)]) -> Settings {
    let pairs: Vec<_> = pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Settings::from_sources(None, &pairs, []).unwrap()
}

async fn open(pairs: &[(&str, &str)]) -> Result<OpenedProvider, String> {
    open_provider(&settings(pairs)).await.map_err(|error| error.to_string())
}

const ENDPOINT: (&str, &str) = ("AZURE_OPENAI_ENDPOINT", "https://name.openai.azure.com");
const DEPLOYMENT: (&str, &str) = ("AZURE_OPENAI_EMBEDDINGS_DEPLOYMENT", "our-embeddings");
const CHAT: (&str, &str) = ("AZURE_OPENAI_CHAT_DEPLOYMENT", "our-chat");
const KEY: (&str, &str) = ("AZURE_OPENAI_API_KEY", "hunter2");
const TOKEN: (&str, &str) = ("AZURE_OPENAI_AD_TOKEN", "hunter3");
const OPENAI_KEY: (&str, &str) = ("OPENAI_API_KEY", "hunter4");
const OPENAI_URL: (&str, &str) = ("OPENAI_BASE_URL", "http://localhost:11434/v1");

#[tokio::test]
async fn auto_takes_the_first_that_is_set_up() {
    let cases = [
        (&[][..], ProviderChoice::Lexical, WhyProvider::NothingIsSet),
        (&[ENDPOINT, KEY], ProviderChoice::Lexical, WhyProvider::NothingIsSet),
        (&[OPENAI_KEY], ProviderChoice::OpenAi, WhyProvider::OpenAiIsSet),
        (&[OPENAI_URL], ProviderChoice::OpenAi, WhyProvider::OpenAiIsSet),
        (&[ENDPOINT, DEPLOYMENT, KEY, OPENAI_KEY], ProviderChoice::Azure, WhyProvider::AzureIsSet),
        (&[ENDPOINT, DEPLOYMENT, TOKEN], ProviderChoice::Azure, WhyProvider::AzureIsSet),
        (
            &[ENDPOINT, DEPLOYMENT, KEY, ("CACHE_PROVIDER", "lexical")],
            ProviderChoice::Lexical,
            WhyProvider::Chosen,
        ),
    ];
    for (pairs, choice, why) in cases {
        let opened = open(pairs).await.unwrap();
        assert_eq!((opened.choice, opened.why), (choice, why), "{pairs:?}");
        assert!(!format!("{opened:?}").contains("hunter"), "{opened:?}");
    }
}

#[tokio::test]
async fn what_is_missing_or_makes_no_sense_is_named() {
    let both = [ENDPOINT, DEPLOYMENT, KEY];
    let with = |more: &[(&'static str, &'static str)]| [&both[..], more].concat();
    let cases = [
        (vec![ENDPOINT, DEPLOYMENT], "AZURE_OPENAI_API_KEY"),
        (with(&[TOKEN]), "AZURE_OPENAI_AD_TOKEN"),
        (vec![("CACHE_PROVIDER", "azure")], "AZURE_OPENAI_ENDPOINT"),
        (vec![("CACHE_PROVIDER", "azure"), ENDPOINT, KEY], "AZURE_OPENAI_EMBEDDINGS_DEPLOYMENT"),
        (vec![("CACHE_PROVIDER", "openai")], "OPENAI_API_KEY"),
        (vec![("CACHE_PROVIDER", "local")], "CACHE_MODEL_DIR"),
        (vec![("CACHE_MODEL_DIR", "/nowhere/at/all")], "CACHE_MODEL_DIR"),
        (with(&[("AZURE_OPENAI_API_VERSION", "newest")]), "AZURE_OPENAI_API_VERSION"),
        (vec![("AZURE_OPENAI_ENDPOINT", "name"), DEPLOYMENT, KEY], "AZURE_OPENAI_ENDPOINT"),
        (vec![ENDPOINT, DEPLOYMENT, ("AZURE_OPENAI_API_KEY", "hunter\n2")], "AZURE_OPENAI_API_KEY"),
        (vec![("OPENAI_BASE_URL", "http://u:hunter5@host/v1")], "OPENAI_BASE_URL"),
        (vec![("CACHE_DIMENSIONS", "3")], "CACHE_DIMENSIONS"),
    ];
    for (pairs, variable) in cases {
        let error = open(&pairs).await.unwrap_err();
        assert!(error.contains(variable), "{pairs:?}: {error}");
        assert!(!error.contains("hunter"), "{error}");
    }
}

#[tokio::test]
async fn every_dialect_reaches_the_service() {
    let server = TestServer::builder().deployment("our-embeddings", "text-embedding-3-small");
    let server = server.start().await;
    let v1 = format!("{}/openai/v1", server.url());
    let openai = format!("{}/v1", server.url());
    let key = ("AZURE_OPENAI_API_KEY", "test-key");
    let classic = ("AZURE_OPENAI_ENDPOINT", server.url());
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, Option<&'a str>);
    let cases: [Case<'_>; 6] = [
        (
            &[classic, DEPLOYMENT, key],
            "/openai/deployments/our-embeddings/embeddings",
            Some("api-version=2024-10-21"),
        ),
        (
            &[classic, DEPLOYMENT, key, ("AZURE_OPENAI_API_VERSION", "2025-04-01-preview")],
            "/openai/deployments/our-embeddings/embeddings",
            Some("api-version=2025-04-01-preview"),
        ),
        (
            &[classic, DEPLOYMENT, key, ("AZURE_OPENAI_API_VERSION", "v1")],
            "/openai/v1/embeddings",
            None,
        ),
        (&[("AZURE_OPENAI_ENDPOINT", &v1), DEPLOYMENT, key], "/openai/v1/embeddings", None),
        (
            &[classic, DEPLOYMENT, ("AZURE_OPENAI_AD_TOKEN", "test-token")],
            "/openai/deployments/our-embeddings/embeddings",
            Some("api-version=2024-10-21"),
        ),
        (&[("OPENAI_BASE_URL", &openai), ("OPENAI_API_KEY", "test-key")], "/v1/embeddings", None),
    ];
    for (pairs, path, query) in cases {
        server.clear_requests();
        let sized = [pairs, &[("CACHE_DIMENSIONS", "256")]].concat();
        let opened = open(&sized).await.unwrap();
        assert!(server.requests().is_empty(), "nothing is called beforehand");
        let check = opened.provider.check().await.unwrap();
        assert_eq!(check.dimensions, Some(256));
        assert_eq!(check.model.as_deref(), Some("text-embedding-3-small"));
        let requests = server.requests();
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0].path, path);
        if let Some(query) = query {
            assert!(requests[0].uri.contains(query), "{}", requests[0].uri);
        }
    }
}

#[tokio::test]
async fn the_chat_model_is_that_of_the_provider() {
    let server = TestServer::builder().deployment("our-chat", "gpt-4o-mini").start().await;
    let openai = format!("{}/v1", server.url());
    let azure = [("AZURE_OPENAI_ENDPOINT", server.url()), ("AZURE_OPENAI_API_KEY", "test-key")];
    let with_azure = [&azure[..], &[CHAT]].concat();
    let with_openai = vec![
        ("OPENAI_BASE_URL", openai.as_str()),
        ("OPENAI_API_KEY", "test-key"),
        ("OPENAI_CHAT_MODEL", "gpt-4o-mini"),
    ];
    let of = |pairs: &[(&str, &str)]| open_chat(&settings(pairs)).unwrap();
    for (pairs, provider) in [(&with_azure, "azure-openai"), (&with_openai, "openai")] {
        let chat = of(pairs).unwrap();
        assert_eq!(chat.identity().provider, provider);
        let answer = chat.complete(&ChatRequest::user("Hello")).await.unwrap();
        assert!(answer.content().unwrap().contains("Hello"), "{provider}");
        assert!(chat.check().await.unwrap().tokens.unwrap() > 0);
        // Who chooses a provider of this process wants nothing to leave it.
        assert!(of(&[&pairs[..], &[("CACHE_PROVIDER", "lexical")]].concat()).is_none());
    }
    let both = [with_azure.clone(), with_openai.clone()].concat();
    assert_eq!(of(&both).unwrap().identity().provider, "azure-openai");
    let openai = [&both[..], &[("CACHE_PROVIDER", "openai")]].concat();
    assert_eq!(of(&openai).unwrap().identity().provider, "openai");
    assert!(of(&azure).is_none() && of(&[CHAT]).is_none());
    let keyless = settings(&[azure[0], CHAT]);
    assert!(open_chat(&keyless).unwrap_err().to_string().contains("AZURE_OPENAI_API_KEY"));
}

#[tokio::test]
async fn the_deadline_is_the_settings() {
    let server = TestServer::start().await;
    server.always(openai_test_server::Fault::Hang);
    let url = format!("{}/v1", server.url());
    let pairs = [("OPENAI_BASE_URL", url.as_str()), ("CACHE_PROVIDER_TIMEOUT", "300ms")];
    let opened = open(&pairs).await.unwrap();
    let start = std::time::Instant::now();
    assert!(opened.provider.check().await.is_err());
    assert!(start.elapsed() < std::time::Duration::from_secs(3));
}
