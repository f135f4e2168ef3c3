//! Tokens of Entra ID: kept, renewed in time, renewed when refused.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use cache_core::{BoxError, ProviderErrorKind as Kind};
use embed_azure::{AccessToken, AzureOpenAi, Credential, EmbeddingModel, TokenProvider};
use openai_test_server::TestServer;
use support::{MODEL, embed, quick, vectors};

struct Source {
    token: Mutex<Option<String>>,
    life: Option<Duration>,
    asked: AtomicUsize,
}

#[async_trait]
impl TokenProvider for Source {
    async fn token(&self) -> Result<AccessToken, BoxError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(50)).await;
        let token = self.token.lock().unwrap().clone().ok_or("no identity")?;
        let token = AccessToken::new(token);
        Ok(match self.life {
            Some(life) => token.with_expiry(SystemTime::now() + life),
            None => token,
        })
    }
}

fn source(token: Option<&str>, life: Option<Duration>) -> Arc<Source> {
    let token = Mutex::new(token.map(str::to_owned));
    Arc::new(Source { token, life, asked: AtomicUsize::new(0) })
}

fn model(server: &TestServer, source: &Arc<Source>) -> EmbeddingModel {
    let provider: Arc<dyn TokenProvider> = Arc::clone(source) as _;
    let builder = AzureOpenAi::builder(server.url());
    let builder = builder.credential(Credential::token_provider(provider)).http(quick());
    builder.build().unwrap().embeddings(MODEL)
}

#[tokio::test]
async fn one_caller_asks_and_all_use_it() {
    let server = TestServer::start().await;
    let source = source(Some("test-token"), Some(Duration::from_secs(3600)));
    let model = model(&server, &source);
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let model = model.clone();
        calls.spawn(async move { vectors(embed(&model, &["a"]).await.unwrap()) });
    }
    calls.join_all().await;
    assert_eq!(source.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let server = TestServer::start().await;
    let source = source(Some("test-token"), None);
    let model = model(&server, &source);
    vectors(embed(&model, &["a"]).await.unwrap());
    server.set_bearer_token("newer");
    *source.token.lock().unwrap() = Some("newer".to_owned());
    vectors(embed(&model, &["a"]).await.unwrap());
    assert_eq!(source.asked.load(Ordering::SeqCst), 2);
    server.set_bearer_token("never given");
    server.clear_requests();
    let error = embed(&model, &["a"]).await.unwrap_err();
    assert_eq!((error.kind(), server.requests().len()), (Kind::Unauthorized, 2));
}

#[tokio::test]
async fn a_token_is_renewed_before_it_expires_and_kept_while_it_is_valid() {
    let server = TestServer::start().await;
    let source = source(Some("test-token"), Some(Duration::from_millis(1200)));
    let model = model(&server, &source);
    vectors(embed(&model, &["a"]).await.unwrap());
    tokio::time::sleep(Duration::from_millis(700)).await;
    // Past half of its life it is renewed; when that fails it still serves.
    *source.token.lock().unwrap() = None;
    vectors(embed(&model, &["a"]).await.unwrap());
    assert_eq!(source.asked.load(Ordering::SeqCst), 2);
    tokio::time::sleep(Duration::from_millis(700)).await;
    let error = embed(&model, &["a"]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthorized);
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("no identity"));
}
