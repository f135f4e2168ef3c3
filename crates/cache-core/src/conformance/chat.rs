//! The contract of [`ChatProvider`].

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::{ChatChunk, ChatProvider, ChatRequest, ChatStream, ProviderError, ProviderErrorKind};

/// What the suite asks; short, so that a genuine service bills little.
pub const QUESTIONS: [&str; 4] = [
    "Say: hello",
    "대답해 주세요: 안녕하세요",
    "Say: 😀 and e\u{301}",
    "line one\nline two: say \"both\"",
];

/// Every check. The service behind the provider must take parameters that it does not know
/// ([`unknown_parameters`]); where it refuses them, call the other checks one by one.
pub async fn run(provider: Arc<dyn ChatProvider>) {
    identity(&*provider).await;
    whole_answers(&*provider).await;
    streams(&*provider).await;
    models(&*provider).await;
    methods_decide(&*provider).await;
    unknown_parameters(&*provider).await;
    dropping(&*provider).await;
    silence(&*provider).await;
    concurrency(provider, |_, _| true).await;
}

fn question() -> ChatRequest {
    ChatRequest::user(QUESTIONS[0])
}

async fn next(stream: &mut ChatStream) -> Option<Result<ChatChunk, ProviderError>> {
    poll_fn(|context| stream.as_mut().poll_next(context)).await
}

async fn open(provider: &dyn ChatProvider, request: &ChatRequest) -> ChatStream {
    provider.stream(request).await.expect("streaming succeeds")
}

/// The chunks of a stream that has to be complete.
async fn chunks(mut stream: ChatStream) -> Vec<ChatChunk> {
    let mut chunks = Vec::new();
    while let Some(chunk) = next(&mut stream).await {
        chunks.push(chunk.expect("the stream is complete"));
    }
    assert!(next(&mut stream).await.is_none(), "nothing comes after the end");
    chunks
}

fn text(chunks: &[ChatChunk]) -> String {
    chunks.iter().filter_map(ChatChunk::content).collect()
}

/// The identity names provider and model, and does not change by a call.
pub async fn identity(provider: &dyn ChatProvider) {
    let identity = provider.identity();
    assert!(!identity.provider.is_empty() && !identity.model.is_empty());
    provider.complete(&question()).await.expect("answering succeeds");
    assert_eq!(provider.identity(), identity, "the identity is stable");
}

/// A whole answer has choices, each with its finish reason, and a text.
pub async fn whole_answers(provider: &dyn ChatProvider) {
    for text in QUESTIONS {
        let answer = provider.complete(&ChatRequest::user(text)).await.expect("answering succeeds");
        assert!(!answer.choices().is_empty(), "a whole answer has choices");
        let finished = |choice: &Value| choice.get("finish_reason").is_some_and(Value::is_string);
        assert!(answer.choices().iter().all(finished), "a choice of a whole answer has ended");
        assert!(answer.content().is_some_and(|text| !text.is_empty()), "the answer has a text");
    }
}

/// A stream ends, and what it gave until then is a complete answer.
pub async fn streams(provider: &dyn ChatProvider) {
    for question in QUESTIONS {
        let chunks = chunks(open(provider, &ChatRequest::user(question)).await).await;
        assert!(!text(&chunks).is_empty(), "a stream's chunks have a text together");
        let mut finished = BTreeMap::new();
        for choice in chunks.iter().flat_map(ChatChunk::choices) {
            let index = choice.get("index").and_then(Value::as_u64).unwrap_or(0);
            let ended = choice.get("finish_reason").is_some_and(Value::is_string);
            *finished.entry(index).or_insert(false) |= ended;
        }
        assert!(!finished.is_empty() && finished.values().all(|ended| *ended), "a choice is open");
    }
}

/// The provider's own model may be named, null counts as not named, another is refused.
pub async fn models(provider: &dyn ChatProvider) {
    let identity = provider.identity();
    let named = |name: Value| question().with("model", name);
    for own in
        [Some(Value::Null), Some(identity.model.into()), identity.deployment.map(Value::from)]
            .into_iter()
            .flatten()
    {
        let request = named(own);
        provider.complete(&request).await.expect("its own model is answered by");
        chunks(open(provider, &request).await).await;
    }
    for foreign in [json!("another-model-of-the-conformance-suite"), json!(7)] {
        let request = named(foreign);
        let whole = provider.complete(&request).await.err();
        let stream = provider.stream(&request).await.err();
        for error in [whole, stream] {
            let error = error.expect("a request for another model is refused");
            assert_eq!(error.kind(), ProviderErrorKind::InvalidInput, "{error}");
        }
    }
}

/// Whether an answer is streamed is said by the method, not by the request's `stream`.
pub async fn methods_decide(provider: &dyn ChatProvider) {
    let options = json!({ "include_usage": true });
    let streamed = question().with("stream", true).with("stream_options", options);
    let answer = provider.complete(&streamed).await.expect("answering succeeds");
    assert!(answer.content().is_some(), "a whole answer although `stream` is true");
    let whole = question().with("stream", false);
    let chunks = chunks(open(provider, &whole).await).await;
    assert!(!text(&chunks).is_empty(), "a stream although `stream` is false");
}

/// The provider itself refuses no parameter for not knowing it.
pub async fn unknown_parameters(provider: &dyn ChatProvider) {
    let request = question().with("x_conformance", json!({ "nested": [1, null, "two"] }));
    provider.complete(&request).await.expect("an unknown parameter is the service's to judge");
    chunks(open(provider, &request).await).await;
}

/// A dropped call and a dropped stream leave the provider usable.
pub async fn dropping(provider: &dyn ChatProvider) {
    for millis in 0..4 {
        let time = Duration::from_millis(millis);
        drop(tokio::time::timeout(time, provider.complete(&question())).await);
        drop(tokio::time::timeout(time, provider.stream(&question())).await);
    }
    for taken in 0..4 {
        let mut stream = open(provider, &question()).await;
        for _ in 0..taken {
            drop(next(&mut stream).await);
        }
    }
    provider.complete(&question()).await.expect("answering succeeds after dropped calls");
    chunks(open(provider, &question()).await).await;
}

/// Neither `Debug` nor an error shows what was asked or answered.
pub async fn silence(provider: &dyn ChatProvider) {
    const SECRET: &str = "conformance-ssn-078-05-1120";
    let request = ChatRequest::user(format!("Repeat this: {SECRET}"));
    let answer = provider.complete(&request).await.expect("answering succeeds");
    let chunks = chunks(open(provider, &request).await).await;
    let refused = provider.complete(&request.with("model", SECRET)).await;
    let error = refused.expect_err("a request for another model is refused");
    let shown = format!("{provider:?} {answer:?} {chunks:?} {error} {error:?}");
    assert!(!shown.contains(SECRET), "a text is shown");
}

/// Calls side by side are all answered. `belongs` says whether an answer (its second parameter) can
/// be that to a question (its first): a provider that echoes proves with it that answers don't mix.
pub async fn concurrency<F>(provider: Arc<dyn ChatProvider>, belongs: F)
where
    F: Fn(&str, &str) -> bool,
{
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..16 {
        let provider = Arc::clone(&provider);
        tasks.spawn(async move {
            let question = format!("{} {task}", QUESTIONS[task % QUESTIONS.len()]);
            let request = ChatRequest::user(question.as_str());
            let answer = if task % 2 == 0 {
                let answer = provider.complete(&request).await.expect("answering succeeds");
                answer.content().unwrap_or_default().to_owned()
            } else {
                text(&chunks(open(&*provider, &request).await).await)
            };
            (question, answer)
        });
    }
    while let Some(result) = tasks.join_next().await {
        let (question, answer) = result.expect("no task fails");
        assert!(!answer.is_empty(), "an answer among concurrent calls has a text");
        assert!(belongs(&question, &answer), "an answer to another question");
    }
}
