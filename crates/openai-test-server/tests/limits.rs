//! Rates.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use openai_test_server::{Api, TestServer};
use reqwest::Response;
use serde_json::json;
use support::{EMBEDDINGS, answer, send};

const SMALL: &str = "text-embedding-3-small";

async fn ask(server: &TestServer, api: Api, model: &str, input: &str) -> Response {
    send(server, api, EMBEDDINGS, model, json!({"input": input, "dimensions": 4})).await
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers()[name].to_str().unwrap()
}

#[tokio::test]
async fn requests_over_the_rate_are_told_when_to_come_back() {
    let server = TestServer::builder().requests_per_second(1.0).request_burst(2.0).start().await;
    let first = ask(&server, Api::OpenAi, SMALL, "a").await;
    assert_eq!(first.status(), 200);
    assert_eq!(header(&first, "x-ratelimit-limit-requests"), "2");
    assert_eq!(header(&first, "x-ratelimit-remaining-requests"), "1");
    assert_eq!(ask(&server, Api::OpenAi, SMALL, "a").await.status(), 200);
    let over = ask(&server, Api::OpenAi, SMALL, "a").await;
    let wait: u64 = header(&over, "retry-after-ms").parse().unwrap();
    assert!((1..=1000).contains(&wait), "{wait}");
    assert_eq!(header(&over, "retry-after"), "1");
    assert_eq!(header(&over, "x-ratelimit-remaining-requests"), "0");
    assert_eq!(header(&over, "x-ratelimit-reset-requests"), "2s");
    let (status, reply) = answer(over).await;
    assert_eq!((status, &reply["error"]["code"]), (429, &json!("rate_limit_exceeded")));
    assert_eq!(reply["error"]["type"], "requests");
    assert_eq!(server.rejected(), 1);
    // Each deployment has its own rate.
    let other = ask(&server, Api::OpenAi, "text-embedding-3-large", "a").await;
    assert_eq!(other.status(), 200);
    tokio::time::sleep(Duration::from_millis(wait)).await;
    assert_eq!(ask(&server, Api::OpenAi, SMALL, "a").await.status(), 200);
}

#[tokio::test]
async fn tokens_have_a_rate_of_their_own() {
    let server = TestServer::builder().tokens_per_second(1.0).token_burst(100.0).start().await;
    let first = ask(&server, Api::AzureV1, SMALL, &"x".repeat(360)).await;
    assert_eq!(header(&first, "x-ratelimit-limit-tokens"), "100");
    assert_eq!(header(&first, "x-ratelimit-remaining-tokens"), "10");
    assert_eq!(header(&first, "x-ratelimit-reset-tokens"), "90");
    assert!(!first.headers().contains_key("x-ratelimit-limit-requests"));
    let over = ask(&server, Api::AzureV1, SMALL, &"x".repeat(80)).await;
    assert!((1..=10).contains(&header(&over, "retry-after").parse::<u64>().unwrap()));
    let (status, reply) = answer(over).await;
    assert_eq!((status, &reply["error"]["code"]), (429, &json!("429")));
    assert!(reply["error"]["message"].as_str().unwrap().contains("token rate limit"));
    assert_eq!(server.rejected(), 1);
}

#[tokio::test]
async fn who_does_not_wait_waits_longer_where_rejected_requests_count() {
    let server = TestServer::builder().requests_per_second(0.2).charges_rejected().start().await;
    ask(&server, Api::OpenAi, SMALL, "a").await;
    let mut waits = Vec::new();
    for _ in 0..2 {
        let over = ask(&server, Api::OpenAi, SMALL, "a").await;
        waits.push(header(&over, "retry-after-ms").parse::<u64>().unwrap());
    }
    assert!(waits[0] <= 5000 && waits[1] > 5000, "{waits:?}");
}

#[tokio::test]
async fn refused_requests_take_nothing_from_the_rate() {
    let server = TestServer::builder().requests_per_second(0.1).start().await;
    assert_eq!(ask(&server, Api::OpenAi, SMALL, "").await.status(), 400);
    assert_eq!(ask(&server, Api::OpenAi, SMALL, "a").await.status(), 200);
    assert_eq!(ask(&server, Api::OpenAi, SMALL, "a").await.status(), 429);
}
