//! What passes is tried again, what does not is not, and nothing takes longer than allowed.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, Instant};

use cache_core::ProviderErrorKind as Kind;
use openai_test_server::{Fault, RetryAfter, TestServer};
use support::{embed, model, model_with, quick, vectors};

const MS: Duration = Duration::from_millis(1);

#[tokio::test]
async fn what_passes_is_tried_again() {
    let server = TestServer::start().await;
    for fault in [
        Fault::status(408),
        Fault::status(409),
        Fault::status(500),
        Fault::html(502),
        Fault::status(503),
        Fault::Reset,
        Fault::ResetInBody,
        Fault::Close,
        Fault::TruncatedBody,
        Fault::rate_limited(RetryAfter::Millis(20)),
        Fault::html(429),
        Fault::status(400).with_should_retry(true),
    ] {
        let name = format!("{fault:?}");
        server.clear_requests();
        server.script([fault]);
        vectors(embed(&model(&server), &["a"]).await.expect(&name));
        assert_eq!(server.requests().len(), 2, "{name}");
    }
}

#[tokio::test]
async fn what_does_not_pass_is_not() {
    let server = TestServer::start().await;
    for fault in [
        Fault::status(400),
        Fault::status(401),
        Fault::status(403),
        Fault::status(404),
        Fault::status(503).with_should_retry(false),
        Fault::rate_limited(RetryAfter::Millis(20)).with_should_retry(false),
    ] {
        let name = format!("{fault:?}");
        server.clear_requests();
        server.script([fault]);
        embed(&model(&server), &["a"]).await.expect_err(&name);
        assert_eq!(server.requests().len(), 1, "{name}");
    }
}

#[tokio::test]
async fn named_delays_are_kept() {
    let server = TestServer::start().await;
    for (retry, least) in [
        (RetryAfter::Millis(300), 300),
        (RetryAfter::Float(0.4), 400),
        (RetryAfter::Seconds(1), 1000),
        (RetryAfter::Date(Duration::from_secs(2)), 900),
    ] {
        let name = format!("{retry:?}");
        server.script([Fault::rate_limited(retry)]);
        let begun = Instant::now();
        vectors(embed(&model(&server), &["a"]).await.unwrap());
        let took = begun.elapsed();
        assert!(took >= MS * least && took < MS * (least + 2500), "{name}: {took:?}");
    }
    // Of other failures too.
    server.script([Fault::status(503).with_header("retry-after-ms", "1200")]);
    let begun = Instant::now();
    vectors(embed(&model(&server), &["a"]).await.unwrap());
    assert!(begun.elapsed() >= MS * 1200);
}

#[tokio::test]
async fn a_delay_beyond_the_deadline_fails_at_once() {
    let server = TestServer::start().await;
    let model = model_with(&server, quick().with_deadline(Duration::from_secs(10)));
    server.script([Fault::rate_limited(RetryAfter::Seconds(300))]);
    let begun = Instant::now();
    let error = embed(&model, &["a"]).await.unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(1));
    assert_eq!(error.kind(), Kind::RateLimited);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(300)));
    // The next caller does not even ask.
    let error = embed(&model, &["b"]).await.unwrap_err();
    assert!(error.retry_after().unwrap() > Duration::from_secs(290));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn attempts_are_bounded() {
    let server = TestServer::start().await;
    server.always(Fault::status(503).with_header("retry-after-ms", "1"));
    let error = embed(&model_with(&server, quick().with_max_attempts(3)), &["a"]).await;
    assert_eq!(error.unwrap_err().kind(), Kind::Unavailable);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn silence_and_dripping_end_with_the_attempt() {
    let server = TestServer::start().await;
    let options = || quick().with_timeout(MS * 400);
    let drip = Fault::SlowDrip { bytes: 10, interval: MS * 50 };
    for fault in [Fault::Hang, Fault::HangBody, drip] {
        let name = format!("{fault:?}");
        server.clear_requests();
        server.script([fault]);
        vectors(embed(&model_with(&server, options()), &["a"]).await.expect(&name));
        assert_eq!(server.requests().len(), 2, "{name}");
    }
}

#[tokio::test]
async fn the_deadline_ends_all_of_it() {
    let server = TestServer::start().await;
    let options = || quick().with_deadline(MS * 700);
    for fault in [Fault::Hang, Fault::status(503), Fault::rate_limited(RetryAfter::Millis(100))] {
        let name = format!("{fault:?}");
        server.always(fault);
        let begun = Instant::now();
        embed(&model_with(&server, options()), &["a"]).await.expect_err(&name);
        assert!(begun.elapsed() < MS * 1500, "{name}: {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_dropped_call_leaves_the_model_usable() {
    let server = TestServer::start().await;
    let model = model(&server);
    server.script([Fault::Hang, Fault::Hang]);
    for _ in 0..2 {
        let call = tokio::time::timeout(MS * 200, embed(&model, &["a"]));
        assert!(call.await.is_err());
    }
    vectors(embed(&model, &["a"]).await.unwrap());
}
