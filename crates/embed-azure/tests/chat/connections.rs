//! What streams do to connections.

use std::time::Duration;

use cache_core::ChatProvider;
use tokio::time::timeout;

use crate::raw_server::{RawServer, Seen, Step};
use crate::support::{APIS, Streamed, ask, event, http, model_of, next, text};

fn send(text: &str) -> Step {
    Step::Send(text.as_bytes().to_vec())
}

#[tokio::test]
async fn dropping_a_stream_closes_its_connection() {
    let answer = vec![send(&event("hi", None)), Step::UntilClosed];
    let mut server = RawServer::start(answer).await;
    let model = model_of(server.url(), APIS[0], http());
    for taken in [0, 1] {
        let mut stream = model.stream(&ask("hello")).await.unwrap();
        for _ in 0..taken {
            next(&mut stream).await.unwrap().unwrap();
        }
        assert_eq!((server.next().await, server.next().await), (Seen::Connection, Seen::Request));
        drop(stream);
        assert_eq!(server.next().await, Seen::Closed);
    }
    // Also in the middle of waiting for the next chunk, and of the call itself.
    let mut stream = model.stream(&ask("hello")).await.unwrap();
    next(&mut stream).await.unwrap().unwrap();
    timeout(Duration::from_millis(100), next(&mut stream)).await.expect_err("nothing comes");
    assert_eq!((server.next().await, server.next().await), (Seen::Connection, Seen::Request));
    drop(stream);
    assert_eq!(server.next().await, Seen::Closed);
}

#[tokio::test]
async fn dropping_a_call_closes_its_connection() {
    let mut server = RawServer::start(vec![send("{\"choices\":"), Step::UntilClosed]).await;
    let model = model_of(server.url(), APIS[0], http());
    let request = ask("hello");
    timeout(Duration::from_millis(200), model.complete(&request)).await.expect_err("no answer");
    let seen = [server.next().await, server.next().await, server.next().await];
    assert_eq!(seen, [Seen::Connection, Seen::Request, Seen::Closed]);
}

#[tokio::test]
async fn a_complete_stream_leaves_its_connection_to_the_next() {
    // The body's end comes after the answer's.
    let answer = vec![
        send(&event("hi", Some("stop"))),
        send("data: [DONE]\n\n"),
        Step::Wait(Duration::from_millis(30)),
        Step::End,
    ];
    let mut server = RawServer::start(answer).await;
    let model = model_of(server.url(), APIS[0], http());
    for _ in 0..3 {
        let streamed = Streamed::of(&model, &ask("hello")).await;
        assert_eq!(text(&streamed.complete()), "hi");
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    let seen = [server.next().await, server.next().await, server.next().await, server.next().await];
    assert_eq!(seen, [Seen::Connection, Seen::Request, Seen::Request, Seen::Request]);
}

#[tokio::test]
async fn comments_are_no_silence() {
    let mut answer = Vec::new();
    for _ in 0..8 {
        answer.extend([send(": still there\n\n"), Step::Wait(Duration::from_millis(100))]);
    }
    answer.extend([send(&event("hi", Some("stop"))), send("data: [DONE]\n\n"), Step::End]);
    let server = RawServer::start(answer).await;
    let http = http().with_idle_timeout(Duration::from_millis(400));
    let streamed = Streamed::of(&model_of(server.url(), APIS[0], http), &ask("hello")).await;
    assert_eq!(text(&streamed.complete()), "hi");
}

#[tokio::test]
async fn nothing_is_read_ahead_of_the_reader() {
    let events = event(&"x".repeat(1000), None).repeat(64);
    let server = RawServer::start(vec![Step::Flood(events.into_bytes())]).await;
    let model = model_of(server.url(), APIS[0], http());
    let mut stream = model.stream(&ask("hello")).await.unwrap();
    next(&mut stream).await.unwrap().unwrap();
    let (mut before, mut now) = (usize::MAX, 0);
    // The buffers of the system fill up.
    while before != now {
        tokio::time::sleep(Duration::from_millis(200)).await;
        (before, now) = (now, server.sent());
        assert!(now < 32 << 20, "{now} bytes were taken for one chunk");
    }
    for _ in 0..20_000 {
        next(&mut stream).await.unwrap().unwrap();
    }
    assert!(server.sent() > now, "reading goes on");
}
