//! Replies that are not what they should be are never believed.
#![allow(clippy::unwrap_used)]

mod support;

use cache_core::{EmbedOptions, EmbeddingProvider, ProviderErrorKind as Kind};
use openai_test_server::{Fault, TestServer};
use support::{embed, model, vectors};

#[tokio::test]
async fn every_wrong_reply_is_named_and_asked_for_once() {
    let server = TestServer::start().await;
    let model = model(&server);
    for fault in [
        Fault::MissingIndex,
        Fault::DuplicateIndex,
        Fault::IndexOutOfRange,
        Fault::WrongCount,
        Fault::WrongDimensions,
        Fault::NotANumber,
        Fault::NanToken,
        Fault::Infinite,
        Fault::BadBase64,
        Fault::OddBase64Length,
        Fault::EmptyData,
        Fault::EmptyBody,
        Fault::NotJson,
    ] {
        server.clear_requests();
        let name = format!("{fault:?}");
        server.script([fault]);
        let error = embed(&model, &["a", "b", "c"]).await.expect_err(&name);
        assert_eq!(error.kind(), Kind::BadReply, "{name}: {error}");
        assert_eq!(server.requests().len(), 1, "{name}");
        vectors(embed(&model, &["a", "b", "c"]).await.unwrap());
    }
}

#[tokio::test]
async fn wrong_numbers_in_arrays_are_refused_too() {
    let server = TestServer::builder().ignores_base64().start().await;
    for fault in [Fault::NotANumber, Fault::NanToken, Fault::Infinite, Fault::WrongDimensions] {
        let name = format!("{fault:?}");
        server.script([fault]);
        let error = embed(&model(&server), &["a", "b"]).await.expect_err(&name);
        assert_eq!(error.kind(), Kind::BadReply, "{name}");
    }
}

#[tokio::test]
async fn the_dimensions_asked_for_are_those_that_come() {
    let server = TestServer::start().await;
    server.script([Fault::json(
        200,
        &serde_json::json!({ "data": [{ "index": 0, "embedding": [1.0, 0.0] }] }),
    )]);
    let options = EmbedOptions::default().with_dimensions(3);
    let error = model(&server).embed(&["a"], &options).await.unwrap_err();
    assert_eq!(error.kind(), Kind::BadReply);
    let options = EmbedOptions::default().with_dimensions(0);
    let error = model(&server).embed(&["a"], &options).await.unwrap_err();
    assert_eq!(error.kind(), Kind::InvalidInput);
}

#[tokio::test]
async fn usage_may_be_missing() {
    let server = TestServer::start().await;
    server.script([Fault::NoUsage]);
    let response = embed(&model(&server), &["a"]).await.unwrap();
    assert_eq!(response.tokens, None);
}

#[tokio::test]
async fn an_error_that_comes_as_a_success_keeps_its_kind() {
    let server = TestServer::start().await;
    server.script([Fault::json(
        200,
        &serde_json::json!({ "error": { "code": "429", "message": "slow down" } }),
    )]);
    let error = embed(&model(&server), &["a"]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::RateLimited, "{error}");
}

/// 2,048 vectors of 1,536 floats are 16 MB of base64.
#[tokio::test]
async fn the_largest_reply_leaves_the_runtime_free() {
    let server = TestServer::start().await;
    let texts: Vec<String> = (0..2048).map(|i| format!("text {i}")).collect();
    let inputs: Vec<&str> = texts.iter().map(String::as_str).collect();
    let ticks = tokio::spawn(async {
        let mut longest = std::time::Duration::ZERO;
        let mut last = std::time::Instant::now();
        loop {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            longest = longest.max(last.elapsed());
            last = std::time::Instant::now();
            if longest.as_secs() > 1 {
                return longest;
            }
        }
    });
    let all = vectors(embed(&model(&server), &inputs).await.unwrap());
    assert_eq!((all.len(), all[2047].len()), (2048, 1536));
    assert!(!ticks.is_finished(), "the runtime stood still for more than a second");
    ticks.abort();
}
