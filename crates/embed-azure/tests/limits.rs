//! Thousands of texts against a service with a quota: all arrive, and little is asked in vain.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, Instant};

use embed_azure::RateLimit;
use openai_test_server::{Fault, RetryAfter, TestServer};
use support::{MODEL, azure, embed, model_with, openai, quick, vectors};

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("text number {i} of a long list")).collect()
}

fn strs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

#[tokio::test]
async fn five_thousand_texts_against_both_limits() {
    let builder = TestServer::builder().max_inputs(50).charges_rejected();
    let server = builder.requests_per_second(20.0).tokens_per_second(8000.0).start().await;
    let model = model_with(&server, quick().with_deadline(Duration::from_secs(60)));
    let inputs = texts(5000);
    let all = vectors(embed(&model, &strs(&inputs)).await.unwrap());
    assert_eq!(all.len(), 5000);
    let requests = server.requests().len();
    println!("{requests} requests, {} rejected", server.rejected());
    // A hundred are needed.
    assert!(requests <= 120, "{requests} requests, {} rejected", server.rejected());
}

#[tokio::test]
async fn a_refusal_holds_everybody_back() {
    let server = TestServer::start().await;
    let client = azure(&server);
    server.script([Fault::rate_limited(RetryAfter::Millis(500))]);
    let begun = Instant::now();
    let mut calls = tokio::task::JoinSet::new();
    let first = client.embeddings(MODEL);
    calls.spawn(async move { vectors(embed(&first, &["first"]).await.unwrap()) });
    tokio::time::sleep(Duration::from_millis(150)).await;
    for _ in 0..10 {
        let model = client.embeddings(MODEL);
        calls.spawn(async move { vectors(embed(&model, &["another"]).await.unwrap()) });
    }
    while let Some(result) = calls.join_next().await {
        result.unwrap();
    }
    let early =
        server.requests().iter().filter(|r| r.at < begun + Duration::from_millis(450)).count();
    assert_eq!(early, 1, "nobody asks during the pause");
    assert_eq!(server.requests().len(), 12);
}

#[tokio::test]
async fn a_configured_rate_is_kept() {
    let server = TestServer::start().await;
    let rate = RateLimit::default().with_requests_per_minute(600);
    let model = azure(&server).embeddings(MODEL).with_rate(rate);
    let begun = Instant::now();
    for _ in 0..15 {
        vectors(embed(&model, &["a"]).await.unwrap());
    }
    // Ten at once, then ten per second.
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(450) && took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test]
async fn the_headers_are_obeyed_before_the_service_refuses() {
    let server = TestServer::builder().requests_per_second(10.0).start().await;
    let model = openai(&server).embeddings(MODEL);
    for _ in 0..25 {
        vectors(embed(&model, &["a"]).await.unwrap());
    }
    assert!(server.rejected() <= 2, "{} rejected", server.rejected());
}
