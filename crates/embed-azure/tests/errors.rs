//! Every documented refusal has its kind, says where it happened, and quotes nothing.
#![allow(clippy::unwrap_used)]

mod support;

use cache_core::{ErrorDetail, ProviderErrorKind as Kind};
use embed_azure::{AzureApi, AzureOpenAi, Credential, HttpOptions};
use openai_test_server::{ContentCategory, ContentFilterSpelling, Fault, RetryAfter, TestServer};
use support::{azure, azure_with, embed, model_with, quick};

fn once() -> HttpOptions {
    quick().with_max_attempts(1)
}

#[tokio::test]
async fn every_documented_shape() {
    let server = TestServer::start().await;
    let model = model_with(&server, once());
    let echo = "you sent: PROMPT-IN-MESSAGE";
    let filter = |spelling| Fault::content_filter(ContentCategory::Hate, spelling);
    let host = server.url().trim_start_matches("http://").to_owned();
    for (fault, kind, said) in [
        (Fault::unauthorized_unwrapped(), Kind::Unauthorized, "HTTP 401"),
        (Fault::error(401, "401", echo), Kind::Unauthorized, "key"),
        (Fault::error(403, "Forbidden", echo), Kind::Forbidden, "role"),
        (Fault::deployment_not_found(), Kind::NotFound, "DeploymentNotFound"),
        (Fault::error(404, "404", "Resource not found"), Kind::NotFound, "api-version"),
        (Fault::operation_not_supported(), Kind::WrongModel, "embedding model"),
        (Fault::dimensions_not_supported(), Kind::WrongModel, "dimensions"),
        (Fault::context_length(9001), Kind::InputTooLong, "9001"),
        (filter(ContentFilterSpelling::Service), Kind::ContentFiltered, "hate"),
        (filter(ContentFilterSpelling::Specification), Kind::ContentFiltered, "hate"),
        (Fault::null_code(400, echo), Kind::InvalidInput, "HTTP 400"),
        (Fault::error(422, "bad", echo), Kind::InvalidInput, "code bad"),
        (Fault::status(408), Kind::Timeout, "HTTP 408"),
        (Fault::status(409), Kind::Unavailable, "HTTP 409"),
        (Fault::status(413), Kind::InputTooLong, "size"),
        (Fault::status(500), Kind::Unavailable, "HTTP 500"),
        (Fault::html(502), Kind::Unavailable, "HTTP 502"),
        (Fault::html(503), Kind::Unavailable, "HTTP 503"),
        (Fault::error(500, "a sentence that is no code", echo), Kind::Unavailable, "HTTP 500"),
        (Fault::error(429, "insufficient_quota", echo), Kind::Forbidden, "billing"),
        (Fault::redirect("/elsewhere", 302), Kind::NotFound, "redirects"),
    ] {
        let name = format!("{fault:?}");
        server.script([fault]);
        let error = embed(&model, &["a"]).await.expect_err(&name);
        let text = error.to_string();
        assert_eq!(error.kind(), kind, "{name}: {text}");
        assert!(text.contains(said), "{name}: {text}");
        assert!(text.contains("text-embedding-3-small") && text.contains(&host), "{text}");
        let debug = format!("{error:?}");
        for secret in ["PROMPT", "sentence", "test-key", "<html"] {
            assert!(!text.contains(secret) && !debug.contains(secret), "{name}: {debug}");
        }
    }
}

#[tokio::test]
async fn rate_limits_in_every_shape() {
    let server = TestServer::start().await;
    // No delay is waited for, so that each refusal is the call's error.
    let options = || quick().with_max_delay(std::time::Duration::ZERO);
    for fault in [
        Fault::rate_limited(RetryAfter::Seconds(7)),
        Fault::rate_limited_integer_code(RetryAfter::Seconds(7)),
        Fault::html(429).with_header("retry-after", "7"),
        Fault::null_code(429, "slow down").with_header("retry-after-ms", "7000"),
    ] {
        let name = format!("{fault:?}");
        server.script([fault]);
        // A client of its own: the limiter is shared otherwise.
        let error = embed(&model_with(&server, options()), &["a"]).await.expect_err(&name);
        assert_eq!(error.kind(), Kind::RateLimited, "{name}");
        assert_eq!(error.retry_after().unwrap().as_secs(), 7, "{name}");
        assert!(error.to_string().contains("7 s"), "{error}");
    }
}

#[tokio::test]
async fn details_say_more() {
    let server = TestServer::start().await;
    let model = model_with(&server, once());
    server.script([Fault::context_length(9001)]);
    let error = embed(&model, &["a"]).await.unwrap_err();
    let detail = ErrorDetail::ContextLength { limit: 8192, asked: Some(9001) };
    assert_eq!((error.detail(), error.input()), (Some(&detail), Some(0)));
    server.script([Fault::status(500).with_header("x-request-id", "abc-123")]);
    let error = embed(&model, &["a"]).await.unwrap_err();
    assert!(error.to_string().contains("request abc-123"), "{error}");
    server.script([Fault::status(500).with_header("x-request-id", "not an id, but a text")]);
    let error = embed(&model, &["a"]).await.unwrap_err();
    assert!(!error.to_string().contains("text,"), "{error}");
}

#[tokio::test]
async fn wrong_keys_models_and_versions() {
    let server = TestServer::start().await;
    let wrong = AzureOpenAi::builder(server.url()).credential(Credential::api_key("wrong"));
    let wrong = wrong.http(once()).build().unwrap();
    let error = embed(&wrong.embeddings(support::MODEL), &["a"]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthorized);
    assert_eq!(server.requests().len(), 1, "a key is not tried twice");
    let error = embed(&azure(&server).embeddings("gpt-4o-mini"), &["a"]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::WrongModel);
    let ada = azure(&server).embeddings("text-embedding-ada-002").with_dimensions(64);
    assert_eq!(embed(&ada, &["a"]).await.unwrap_err().kind(), Kind::WrongModel);
    let v1 = azure_with(&server, AzureApi::v1(), once()).embeddings("nothing");
    assert_eq!(embed(&v1, &["a"]).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn nobody_listens() {
    let client = AzureOpenAi::builder("http://127.0.0.1:1").credential(Credential::api_key("k"));
    let client = client.http(once()).build().unwrap();
    let error = embed(&client.embeddings("d"), &["a"]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unreachable);
    assert!(error.to_string().contains("127.0.0.1:1"), "{error}");
}
