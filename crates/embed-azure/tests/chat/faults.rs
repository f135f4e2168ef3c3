//! Streams that break.

use std::time::{Duration, Instant};

use cache_core::{ChatProvider, ErrorDetail, ProviderErrorKind};
use openai_test_server::{Fault, RetryAfter, TestServer};
use serde_json::json;

use crate::raw_server::{RawServer, Step};
use crate::support::{
    APIS, Streamed, answer, ask, assert_names_place, event, events, http, impatient, model,
    model_of,
};

const IDLE: Duration = Duration::from_millis(300);

#[tokio::test]
async fn every_break_is_told_and_never_repeated() {
    use ProviderErrorKind::{BadReply, Timeout, Unavailable, Unreachable};
    let server = TestServer::start().await;
    let model = impatient(&server, IDLE);
    let whole = Streamed::of(&model, &ask("hello")).await.complete().len();
    for (fault, kind, chunks) in [
        (Fault::CutAfter(0), Unreachable, 0),
        (Fault::CutAfter(3), Unreachable, 3),
        (Fault::EndAfter(0), Unreachable, 0),
        (Fault::EndAfter(4), Unreachable, 4),
        (Fault::EmptyStream, Unreachable, 0),
        (Fault::FinishWithoutDone, Unreachable, whole),
        (Fault::StallAfter(0), Timeout, 0),
        (Fault::StallAfter(2), Timeout, 2),
        (Fault::HangBody, Timeout, 0),
        (Fault::DoneWithoutFinish, BadReply, whole - 1),
        (Fault::GarbledChunk, BadReply, whole / 2),
        (Fault::ErrorEventAfter(0), Unavailable, 0),
        (Fault::ErrorEventAfter(3), Unavailable, 3),
    ] {
        let what = format!("{fault:?}");
        server.clear_requests();
        server.script([fault]);
        let streamed = Streamed::of(&model, &ask("hello")).await;
        assert_eq!(streamed.chunks.len(), chunks, "{what}: {:?}", streamed.error);
        let error = streamed.interrupted(kind, chunks);
        assert_names_place(&error);
        assert_eq!(server.requests().len(), 1, "{what} was asked again");
    }
    assert!(Streamed::of(&model, &ask("hello")).await.error.is_none(), "the model stays usable");
}

#[tokio::test]
async fn bytes_that_break_off_are_no_answer() {
    let server = TestServer::start().await;
    let model = model(&server);
    for fault in [Fault::TruncatedBody, Fault::ResetInBody] {
        server.script([fault]);
        let streamed = Streamed::of(&model, &ask("hello")).await;
        let error = streamed.error.expect("the answer is not complete");
        assert_eq!(error.kind(), ProviderErrorKind::Unreachable, "{error}");
    }
}

#[tokio::test]
async fn silence_ends_a_stream_in_time() {
    let server = TestServer::start().await;
    let model = impatient(&server, IDLE);
    server.script([Fault::StallAfter(3)]);
    let start = Instant::now();
    let error =
        Streamed::of(&model, &ask("hello")).await.interrupted(ProviderErrorKind::Timeout, 3);
    let time = start.elapsed();
    assert!(time >= IDLE && time < IDLE * 10, "{time:?}");
    assert!(error.is_retryable() && error.to_string().contains("300 ms"), "{error}");
}

#[tokio::test]
async fn what_fails_before_the_status_is_asked_again() {
    let server = TestServer::start().await;
    let model = model(&server);
    server.script([Fault::status(503), Fault::Reset, Fault::rate_limited(RetryAfter::Millis(20))]);
    Streamed::of(&model, &ask("hello")).await.complete();
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn what_fails_before_the_first_chunk_is_the_calls_error() {
    let server = TestServer::start().await;
    let model = model_of(server.url(), APIS[0], http().with_max_attempts(1));
    let whole = json!({ "choices": [{ "message": { "content": "hi" }, "finish_reason": "stop" }] });
    let error_object = r#"{"error":{"code":"429","message":"slow down"}}"#;
    let json = |body: &str| answer("application/json; charset=utf-8", body);
    for (fault, kind) in [
        (Fault::status(401), ProviderErrorKind::Unauthorized),
        (Fault::deployment_not_found(), ProviderErrorKind::NotFound),
        (Fault::context_length(9000), ProviderErrorKind::InputTooLong),
        (Fault::status(503), ProviderErrorKind::Unavailable),
        (json(&whole.to_string()), ProviderErrorKind::BadReply),
        (json(error_object), ProviderErrorKind::RateLimited),
        (json("nonsense"), ProviderErrorKind::BadReply),
        (json(""), ProviderErrorKind::BadReply),
        (Fault::html(200), ProviderErrorKind::BadReply),
    ] {
        let what = format!("{fault:?}");
        server.script([fault]);
        let error = model.stream(&ask("hello")).await.err().expect(&what);
        assert_eq!(error.kind(), kind, "{what}: {error}");
        assert_names_place(&error);
        assert!(!matches!(error.detail(), Some(ErrorDetail::Interrupted { .. })), "{what}");
    }
}

#[tokio::test]
async fn a_whole_answer_instead_of_a_stream_says_so() {
    let server = TestServer::start().await;
    let whole = r#"{"choices":[{"message":{"content":"secret"},"finish_reason":"stop"}]}"#;
    server.script([answer("application/json", whole)]);
    let error = model(&server).stream(&ask("hello")).await.err().unwrap();
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("a whole answer") && !shown.contains("secret"), "{shown}");
}

#[tokio::test]
async fn errors_within_streams_have_their_kinds() {
    let server = TestServer::start().await;
    let model = model(&server);
    let limited = r#"{"error":{"code":429,"message":"slow down"}}"#;
    let filtered = json!({ "error": {
        "code": "content_filter",
        "message": "filtered",
        "innererror": { "content_filter_result": {
            "hate": { "filtered": true, "severity": "high" },
            "violence": { "filtered": false, "severity": "safe" },
        } },
    } });
    for (text, kind) in [
        (format!("data: {limited}\n\n"), ProviderErrorKind::RateLimited),
        (format!("event: error\ndata: {limited}\n\n"), ProviderErrorKind::RateLimited),
        (
            "data: {\"statusCode\":429,\"message\":\"slow down\"}\n\n".to_owned(),
            ProviderErrorKind::RateLimited,
        ),
        (format!("data: {filtered}\n\n"), ProviderErrorKind::ContentFiltered),
        ("event: error\ndata: overloaded\n\n".to_owned(), ProviderErrorKind::Unavailable),
    ] {
        let body = format!("{}{text}data: [DONE]\n\n", event("half an ", None));
        server.script([events(&body)]);
        let streamed = Streamed::of(&model, &ask("hello")).await;
        assert_eq!(streamed.text(), "half an ");
        let error = streamed.interrupted(kind, 1);
        assert_names_place(&error);
        let named = error.to_string().contains("hate");
        assert_eq!(named, kind == ProviderErrorKind::ContentFiltered, "{error}");
    }
}

#[tokio::test]
async fn chunks_that_are_no_objects_are_refused() {
    let server = TestServer::start().await;
    let model = model(&server);
    for data in ["[]", "7", "\"text\"", "null", "{", "{}{}", "[DONE", "[done]"] {
        let body = format!("{}data: {data}\n\ndata: [DONE]\n\n", event("hi", Some("stop")));
        server.script([events(&body)]);
        Streamed::of(&model, &ask("hello")).await.interrupted(ProviderErrorKind::BadReply, 1);
    }
}

#[tokio::test]
async fn text_that_is_no_utf8_is_refused() {
    let half_a_character = b"data: {\"choices\":[],\"x\":\"\xEC\x95\"}\n\n".to_vec();
    let server = RawServer::start(vec![Step::Send(half_a_character), Step::End]).await;
    let model = model_of(server.url(), APIS[0], http());
    Streamed::of(&model, &ask("hello")).await.interrupted(ProviderErrorKind::BadReply, 0);
}

#[tokio::test]
async fn an_endless_event_is_refused() {
    let server = TestServer::start().await;
    let body = format!("{}data: {}", event("hi", None), "x".repeat(17 << 20));
    server.script([events(&body)]);
    let streamed = Streamed::of(&model(&server), &ask("hello")).await;
    let error = streamed.interrupted(ProviderErrorKind::BadReply, 1);
    assert!(error.to_string().contains("16 MB"), "{error}");
}
