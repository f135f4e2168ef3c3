//! Streams and what befalls them.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use openai_test_server::{Api, Fault, TestServer};
use reqwest::Response;
use serde_json::{Value, json};
use support::{APIS, CHAT, chunks, events, said, send, streaming};
use tokio::time::timeout;

const ANSWER: &str = "Echo: hi there (안녕하세요 🙂)";

async fn stream(server: &TestServer, api: Api, body: Value) -> Response {
    send(server, api, CHAT, "gpt-4o-mini", body).await
}

async fn text(server: &TestServer, api: Api) -> String {
    stream(server, api, streaming("hi there")).await.text().await.unwrap()
}

/// What arrives of a stream until it ends, fails or is silent for a while.
async fn arriving(server: &TestServer) -> (String, End) {
    let mut pieces = stream(server, Api::OpenAi, streaming("hi there")).await.bytes_stream();
    let mut bytes = Vec::new();
    let end = loop {
        match timeout(Duration::from_secs(1), pieces.next()).await {
            Err(_) => break End::Silent,
            Ok(None) => break End::Ended,
            Ok(Some(Err(_))) => break End::Failed,
            Ok(Some(Ok(piece))) => bytes.extend(piece),
        }
    };
    (String::from_utf8(bytes).unwrap(), end)
}

#[derive(Debug, PartialEq)]
enum End {
    Ended,
    Failed,
    Silent,
}

#[tokio::test]
async fn chunks_come_in_the_order_of_the_service() {
    let server = TestServer::start().await;
    for api in APIS {
        let response = stream(&server, api, streaming("hi there")).await;
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        let mut chunks = chunks(&response.text().await.unwrap());
        if api.is_azure() {
            let first = chunks.remove(0);
            assert_eq!((&first["id"], &first["choices"]), (&json!(""), &json!([])));
            assert_eq!(first["prompt_filter_results"][0]["prompt_index"], 0);
        }
        assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
        assert_eq!(said(&chunks, 0, "content"), ANSWER);
        let last = chunks.last().unwrap();
        assert_eq!(last["choices"][0]["finish_reason"], "stop");
        assert_eq!(last["choices"][0]["delta"], json!({}));
        assert!(
            chunks.iter().all(|chunk| chunk["id"] == last["id"] && chunk.get("usage").is_none())
        );
        assert!(
            chunks[..chunks.len() - 1].iter().all(|c| c["choices"][0]["finish_reason"].is_null())
        );
        let filtered = chunks[1]["choices"][0].get("content_filter_results").is_some();
        assert_eq!(filtered, api.is_azure());
    }
}

#[tokio::test]
async fn the_usage_comes_last_where_it_is_asked_for() {
    let server = TestServer::start().await;
    let mut body = streaming("hi there");
    body["stream_options"] = json!({"include_usage": true});
    let chunks = chunks(&stream(&server, Api::OpenAi, body).await.text().await.unwrap());
    let (last, others) = chunks.split_last().unwrap();
    assert_eq!(last["choices"], json!([]));
    assert_eq!(last["usage"]["total_tokens"], 4 + 2 + 5);
    assert!(others.iter().all(|chunk| chunk.get("usage") == Some(&Value::Null)));
}

#[tokio::test]
async fn an_asynchronous_filter_adds_chunks_without_delta() {
    let server = TestServer::builder().async_filter().start().await;
    let chunks = chunks(&text(&server, Api::AzureClassic).await);
    let offsets: Vec<_> = chunks
        .iter()
        .flat_map(|chunk| chunk["choices"].as_array().unwrap())
        .filter(|choice| choice.get("content_filter_offsets").is_some())
        .collect();
    assert_eq!(offsets.len(), 1);
    let filtered = chunks.iter().flat_map(|chunk| chunk["choices"].as_array().unwrap());
    let filtered = filtered.filter(|c| c.get("content_filter_results").is_some());
    assert_eq!(filtered.count(), 1, "deltas come before they are filtered");
    assert!(offsets[0].get("delta").is_none());
    assert_eq!(offsets[0]["content_filter_offsets"]["end_offset"], ANSWER.chars().count());
    assert_eq!(said(&chunks, 0, "content"), ANSWER);
}

#[tokio::test]
async fn tool_calls_come_by_index_in_pieces() {
    let server = TestServer::start().await;
    let mut body = streaming("weather");
    body["tools"] = json!([{"type": "function", "function": {"name": "get_weather"}}]);
    let chunks = chunks(&stream(&server, Api::AzureV1, body).await.text().await.unwrap());
    let calls: Vec<_> = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["tool_calls"].as_array())
        .map(|calls| &calls[0])
        .collect();
    for (index, city) in [(0, "서울"), (1, "부산")] {
        let pieces: Vec<_> = calls.iter().filter(|call| call["index"] == index).collect();
        assert!(pieces.len() > 3);
        assert_eq!(pieces[0]["function"]["name"], "get_weather");
        assert!(pieces[1..].iter().all(|piece| piece.get("id").is_none()));
        let arguments: String =
            pieces.iter().filter_map(|piece| piece["function"]["arguments"].as_str()).collect();
        assert_eq!(serde_json::from_str::<Value>(&arguments).unwrap()["city"], city);
    }
    assert_eq!(chunks.last().unwrap()["choices"][0]["finish_reason"], "tool_calls");
}

#[tokio::test]
async fn choices_refusals_and_reasoning_are_streamed_too() {
    let server = TestServer::start().await;
    let mut body = streaming("[reason] hi");
    body["n"] = 2.into();
    let both = chunks(&stream(&server, Api::AzureV1, body).await.text().await.unwrap());
    assert_eq!(said(&both, 0, "content"), "Echo: [reason] hi (안녕하세요 🙂)");
    assert_eq!(said(&both, 1, "content"), "Echo: [reason] hi (안녕하세요 🙂) #1");
    assert!(said(&both, 1, "reasoning_content").contains("echo"));
    let refused = stream(&server, Api::AzureV1, streaming("[refuse]")).await.text().await.unwrap();
    assert!(said(&chunks(&refused), 0, "refusal").contains("죄송"));
}

#[tokio::test]
async fn chunks_can_be_delayed() {
    let server = TestServer::builder().chunk_delay(Duration::from_millis(20)).start().await;
    let mut pieces = stream(&server, Api::OpenAi, streaming("hi there")).await.bytes_stream();
    let start = Instant::now();
    let mut arrivals = 0;
    while let Some(piece) = pieces.next().await {
        piece.unwrap();
        arrivals += 1;
    }
    assert!(arrivals >= 8, "{arrivals}");
    assert!(start.elapsed() > Duration::from_millis(20 * 6));
}

#[tokio::test]
async fn unusual_notations_say_the_same() {
    let server = TestServer::start().await;
    let strip = |text: &str| -> Vec<Value> {
        let mut chunks = chunks(text);
        for chunk in &mut chunks {
            chunk["id"] = Value::Null;
            chunk["created"] = Value::Null;
        }
        chunks
    };
    let normal = text(&server, Api::OpenAi).await;
    for fault in [
        Fault::CrlfLines,
        Fault::CommentLines,
        Fault::SplitData,
        Fault::OddSplits(1),
        Fault::OddSplits(7),
    ] {
        server.script([fault.clone()]);
        let other = text(&server, Api::OpenAi).await;
        assert_eq!(strip(&other), strip(&normal), "{fault:?}");
        match fault {
            Fault::CrlfLines => assert!(other.contains("\r\n\r\n")),
            Fault::CommentLines => {
                assert!(other.contains(": keep-alive") && other.contains("data:{"));
            }
            Fault::SplitData => assert!(other.matches("data: ").count() > 50),
            _ => {}
        }
    }
    server.script([Fault::OddSplits(3)]);
    let mut pieces = stream(&server, Api::OpenAi, streaming("hi there")).await.bytes_stream();
    let mut split_characters = 0;
    while let Some(piece) = pieces.next().await {
        split_characters += usize::from(std::str::from_utf8(&piece.unwrap()).is_err());
    }
    assert!(split_characters > 0, "no character was split");
}

#[tokio::test]
async fn streams_fail_in_every_way() {
    let server = TestServer::start().await;
    let ended = async |fault: Fault| {
        server.script([fault]);
        let (text, end) = arriving(&server).await;
        (events(&text), end)
    };
    let (all, end) = ended(Fault::Nothing).await;
    let count = all.len();
    assert_eq!((end, all[count - 1].as_str()), (End::Ended, "[DONE]"));

    let (some, end) = ended(Fault::ErrorEventAfter(2)).await;
    assert_eq!((some.len(), end), (3, End::Ended));
    assert!(serde_json::from_str::<Value>(&some[2]).unwrap()["error"]["message"].is_string());

    let (some, end) = ended(Fault::CutAfter(2)).await;
    assert_eq!((some.len(), end), (2, End::Failed));
    let (some, end) = ended(Fault::EndAfter(2)).await;
    assert_eq!((some.len(), end), (2, End::Ended));
    let (some, end) = ended(Fault::StallAfter(2)).await;
    assert_eq!((some.len(), end), (2, End::Silent));
    assert_eq!(ended(Fault::EmptyStream).await, (vec![], End::Ended));

    let (some, end) = ended(Fault::DoneWithoutFinish).await;
    assert_eq!((some.len(), end), (count - 1, End::Ended));
    assert_eq!(some.last().unwrap(), "[DONE]");
    assert!(!some.concat().contains("\"stop\""));
    let (some, end) = ended(Fault::FinishWithoutDone).await;
    assert_eq!((some.len(), end), (count - 1, End::Ended));
    assert!(some.last().unwrap().contains("\"stop\""));

    let (some, end) = ended(Fault::GarbledChunk).await;
    assert_eq!((some.len(), end), (count, End::Ended));
    let garbled = some[..count - 1].iter().filter(|e| serde_json::from_str::<Value>(e).is_err());
    assert_eq!(garbled.count(), 1);
}
