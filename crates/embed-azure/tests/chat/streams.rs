//! Streams that are complete.

use std::time::{Duration, Instant};

use cache_core::{ChatChunk, ChatProvider};
use openai_test_server::{Fault, TestServer};
use serde_json::{Value, json};

use crate::support::{
    APIS, Streamed, answer, ask, deltas, event, events, finish_reasons, http, model, model_of,
    next, text, tools,
};

const ANSWER: &str = "Echo: hello (안녕하세요 🙂)";

#[tokio::test]
async fn every_chunk_arrives_in_order() {
    for api in APIS {
        let server = TestServer::start().await;
        let model = model_of(server.url(), api, http());
        let options = json!({ "include_usage": true });
        let request = ask("hello").with("stream_options", options);
        let chunks = Streamed::of(&model, &request).await.complete();
        assert_eq!(text(&chunks), ANSWER);
        assert_eq!(finish_reasons(&chunks), ["stop"]);
        let usages: Vec<_> = chunks.iter().map(ChatChunk::usage).collect();
        let (last, others) = usages.split_last().unwrap();
        assert!(last.unwrap().completion > 0 && others.iter().all(Option::is_none));
        assert_eq!(chunks[0].body().get("prompt_filter_results").is_some(), api.is_azure());
        let role = usize::from(api.is_azure());
        assert_eq!(chunks[role].choices()[0]["delta"]["role"], "assistant");
    }
}

#[tokio::test]
async fn tool_calls_arrive_by_index() {
    let server = TestServer::start().await;
    let request = ask("What is the weather?").with("tools", tools());
    let chunks = Streamed::of(&model(&server), &request).await.complete();
    assert_eq!(finish_reasons(&chunks), ["tool_calls"]);
    let mut arguments = [String::new(), String::new()];
    for call in chunks
        .iter()
        .flat_map(ChatChunk::choices)
        .filter_map(|choice| choice["delta"]["tool_calls"].as_array())
        .flatten()
    {
        let index = usize::try_from(call["index"].as_u64().unwrap()).unwrap();
        arguments[index].push_str(call["function"]["arguments"].as_str().unwrap());
    }
    let city = |json: &str| serde_json::from_str::<Value>(json).unwrap()["city"].clone();
    assert_eq!(arguments.map(|json| city(&json)), ["서울", "부산"]);
}

#[tokio::test]
async fn several_choices_all_finish() {
    let server = TestServer::start().await;
    let chunks = Streamed::of(&model(&server), &ask("hello").with("n", 3)).await.complete();
    let expected = [ANSWER.to_owned(), format!("{ANSWER} #1"), format!("{ANSWER} #2")];
    assert_eq!(deltas(&chunks, "content"), expected);
    assert_eq!(finish_reasons(&chunks), ["stop"; 3]);
    assert_eq!(text(&chunks), ANSWER, "the text is that of the first choice");
}

#[tokio::test]
async fn refusals_reasons_and_other_ends() {
    let server = TestServer::start().await;
    let model = model(&server);
    let chunks = Streamed::of(&model, &ask("[refuse]")).await.complete();
    assert!(deltas(&chunks, "refusal")[0].contains("죄송합니다"));
    let chunks = Streamed::of(&model, &ask("[reason]")).await.complete();
    assert!(deltas(&chunks, "reasoning_content")[0].contains("그대로"));
    let chunks = Streamed::of(&model, &ask("[filter]")).await.complete();
    assert_eq!(finish_reasons(&chunks), ["content_filter"]);
    let chunks = Streamed::of(&model, &ask("a b c d").with("max_tokens", 2)).await.complete();
    assert_eq!(finish_reasons(&chunks), ["length"]);
}

#[tokio::test]
async fn results_of_the_asynchronous_filter_pass() {
    let server = TestServer::builder().async_filter().start().await;
    let chunks = Streamed::of(&model(&server), &ask("hello")).await.complete();
    let offsets = |chunk: &&ChatChunk| {
        chunk.choices().iter().any(|choice| {
            choice.get("content_filter_offsets").is_some() && choice.get("delta").is_none()
        })
    };
    assert_eq!(chunks.iter().filter(offsets).count(), 1);
    assert_eq!(text(&chunks), ANSWER);
}

#[tokio::test]
async fn every_way_of_writing_events_gives_the_same_chunks() {
    let server = TestServer::start().await;
    let model = model(&server);
    let contents = |chunks: Vec<ChatChunk>| -> Vec<Value> {
        chunks.iter().map(|chunk| chunk.body()["choices"].clone()).collect()
    };
    let expected = contents(Streamed::of(&model, &ask("hello")).await.complete());
    let sizes = [1, 2, 3, 7, 64].map(Fault::OddSplits);
    let others = [Fault::CrlfLines, Fault::CommentLines, Fault::SplitData];
    let drip = Fault::SlowDrip { bytes: 100, interval: Duration::from_millis(2) };
    for form in sizes.into_iter().chain(others).chain([drip]) {
        let what = format!("{form:?}");
        server.script([form]);
        let chunks = Streamed::of(&model, &ask("hello")).await.complete();
        assert_eq!(contents(chunks), expected, "{what}");
    }
}

#[tokio::test]
async fn what_follows_the_end_is_ignored() {
    let server = TestServer::start().await;
    let body = format!(
        "{}data: [DONE]\n\nnot: an event\n\ndata: {{garbled\n\n",
        event("hi", Some("stop"))
    );
    server.script([events(&body)]);
    let chunks = Streamed::of(&model(&server), &ask("hello")).await.complete();
    assert_eq!((text(&chunks).as_str(), chunks.len()), ("hi", 1));
}

#[tokio::test]
async fn chunks_of_forms_nobody_knows_pass() {
    let server = TestServer::start().await;
    let odd = "\u{feff}: hello\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\ndata:\n\n\
               data: {\"choices\":[],\"error\":null,\"x\":1}\n\n";
    let body = format!("{odd}{}data:[DONE] \r\r", event("hi", Some("made_up")));
    server.script([events(&body)]);
    let chunks = Streamed::of(&model(&server), &ask("hello")).await.complete();
    assert_eq!((text(&chunks).as_str(), chunks.len()), ("hi", 3));
    assert_eq!(chunks[1].body()["x"], 1);
}

#[tokio::test]
async fn a_stream_with_another_content_type_is_read() {
    let server = TestServer::start().await;
    let body = format!("{}data: [DONE]\n\n", event("hi", Some("stop")));
    for content_type in ["text/event-stream; charset=utf-8", "TEXT/Event-Stream", "text/plain", ""]
    {
        server.script([answer(content_type, &body)]);
        assert_eq!(text(&Streamed::of(&model(&server), &ask("hello")).await.complete()), "hi");
    }
}

#[tokio::test]
async fn chunks_come_when_they_come_and_as_long_as_they_come() {
    let delay = Duration::from_millis(60);
    let server = TestServer::builder().chunk_delay(delay).start().await;
    // All of these are shorter than the answer.
    let http = http()
        .with_deadline(Duration::from_millis(400))
        .with_timeout(Duration::from_millis(400))
        .with_idle_timeout(Duration::from_millis(400));
    let model = model_of(server.url(), APIS[0], http);
    let start = Instant::now();
    let request = ask("one two three four five six seven eight nine ten");
    let mut stream = model.stream(&request).await.unwrap();
    let mut arrivals = Vec::new();
    while let Some(chunk) = next(&mut stream).await {
        chunk.unwrap();
        arrivals.push(start.elapsed());
    }
    let whole = start.elapsed();
    let count = u32::try_from(arrivals.len()).unwrap();
    assert!(whole > Duration::from_millis(600) && whole >= delay * count, "{whole:?}");
    assert!(arrivals[0] < whole / 2, "the first chunk came with the last: {arrivals:?}");
    let bunched = arrivals.windows(2).filter(|pair| pair[1] - pair[0] < delay / 4).count();
    assert!(bunched * 4 < arrivals.len(), "chunks came together: {arrivals:?}");
}
