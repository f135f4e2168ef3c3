//! A provider that answers as a test has written it down, with pauses and failures.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use cache_core::{
    ChatChunk, ChatProvider, ChatRequest, ChatResponse, ChatStream, ErrorDetail, ModelIdentity,
    ProviderError, ProviderErrorKind,
};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

/// One answer.
#[derive(Debug, Clone)]
pub struct Reply {
    whole: Value,
    chunks: Vec<Value>,
    /// Before the answer, and before every chunk.
    pause: Duration,
    /// The stream breaks off after so many chunks; a whole answer fails.
    fails_after: Option<usize>,
    panics: bool,
}

impl Reply {
    /// Says this, as a stream in three pieces or more.
    pub fn saying(text: &str) -> Self {
        Self::new(whole(text), streamed(text))
    }

    pub fn new(whole: Value, chunks: Vec<Value>) -> Self {
        Self { whole, chunks, pause: Duration::ZERO, fails_after: None, panics: false }
    }

    pub fn failing() -> Self {
        Self::saying("never").failing_after(0)
    }

    pub fn failing_after(mut self, chunks: usize) -> Self {
        self.fails_after = Some(chunks);
        self
    }

    pub fn panicking() -> Self {
        Self { panics: true, ..Self::saying("never") }
    }

    pub fn with_pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }
}

/// Gives the scripted replies in turn, and echoes the question when there are no more.
#[derive(Debug, Default)]
pub struct Script {
    replies: Mutex<VecDeque<Reply>>,
    requests: Mutex<Vec<ChatRequest>>,
    pause: Mutex<Duration>,
    /// Streams that are open.
    open: std::sync::Arc<AtomicUsize>,
}

impl Script {
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> std::sync::Arc<Self> {
        let replies = Mutex::new(replies.into_iter().collect());
        std::sync::Arc::new(Self { replies, ..Self::default() })
    }

    /// Echoes, after a pause.
    pub fn echo(pause: Duration) -> std::sync::Arc<Self> {
        std::sync::Arc::new(Self { pause: Mutex::new(pause), ..Self::default() })
    }

    pub fn add(&self, reply: Reply) {
        self.replies.lock().unwrap().push_back(reply);
    }

    /// How often it was asked.
    pub fn calls(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    pub fn requests(&self) -> Vec<ChatRequest> {
        self.requests.lock().unwrap().clone()
    }

    pub fn open_streams(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    fn reply(&self, request: &ChatRequest) -> Result<Reply, ProviderError> {
        let named = request.get("model");
        if named.is_some_and(|name| name != "gpt-4o-mini" && name != "chat") {
            let message = "this provider has another model";
            return Err(ProviderError::new(ProviderErrorKind::InvalidInput, message));
        }
        let mut requests = self.requests.lock().unwrap();
        requests.push(request.clone());
        let next = self.replies.lock().unwrap().pop_front();
        let asked = request.messages().last().and_then(|m| m["content"].as_str()).unwrap_or("");
        let echo = || Reply::saying(&format!("Echo {}: {asked}", requests.len()));
        Ok(next.unwrap_or_else(|| echo().with_pause(*self.pause.lock().unwrap())))
    }
}

fn failure(chunks: usize) -> ProviderError {
    let error = ProviderError::new(ProviderErrorKind::Unavailable, "the service failed");
    let detail = ErrorDetail::Interrupted { chunks: chunks as u64, characters: 0 };
    if chunks == 0 { error } else { error.with_detail(detail) }
}

#[async_trait]
impl ChatProvider for Script {
    fn identity(&self) -> ModelIdentity {
        let mut identity = ModelIdentity::new("script", "gpt-4o-mini");
        identity.deployment = Some("chat".to_owned());
        identity
    }

    async fn complete(&self, request: &ChatRequest) -> Result<ChatResponse, ProviderError> {
        let reply = self.reply(request)?;
        tokio::time::sleep(reply.pause).await;
        assert!(!reply.panics, "as the script says");
        match reply.fails_after {
            Some(_) => Err(failure(0)),
            None => Ok(ChatResponse::from_json(reply.whole)),
        }
    }

    async fn stream(&self, request: &ChatRequest) -> Result<ChatStream, ProviderError> {
        let reply = self.reply(request)?;
        if reply.fails_after == Some(0) {
            tokio::time::sleep(reply.pause).await;
            return Err(failure(0));
        }
        assert!(!reply.panics, "as the script says");
        let options = request.get("stream_options");
        let usage = options.is_some_and(|options| options["include_usage"] == true);
        let count = reply.fails_after.unwrap_or(usize::MAX);
        let shown = reply.chunks.into_iter().filter_map(move |chunk| as_asked(chunk, usage));
        let mut items: VecDeque<_> =
            shown.take(count).map(|chunk| Ok(ChatChunk::from_json(chunk))).collect();
        items.extend(reply.fails_after.map(|after| Err(failure(after))));
        self.open.fetch_add(1, Ordering::SeqCst);
        let open = Open(std::sync::Arc::clone(&self.open));
        let pause = reply.pause;
        let chunks = stream::unfold((items, open), move |(mut items, open)| async move {
            let item = items.pop_front()?;
            tokio::time::sleep(pause).await;
            Some((item, (items, open)))
        });
        Ok(Box::pin(chunks.fuse()))
    }
}

struct Open(std::sync::Arc<AtomicUsize>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// With the usage where it was asked for, as services do it: null until the last chunk.
fn as_asked(mut chunk: Value, usage: bool) -> Option<Value> {
    let has_it = chunk.get("usage").is_some();
    let only = has_it && chunk["choices"].as_array().is_some_and(Vec::is_empty);
    if usage && !has_it && chunk.get("prompt_filter_results").is_none() {
        chunk["usage"] = Value::Null;
    }
    (usage || !only).then_some(chunk)
}

pub fn whole(text: &str) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_763_000_000,
        "model": "gpt-4o-mini-2024-07-18", "system_fingerprint": "fp_1",
        "prompt_filter_results": [{ "prompt_index": 0, "content_filter_results": { "hate": { "filtered": false } } }],
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": text, "refusal": null },
            "logprobs": null,
            "finish_reason": "stop",
            "content_filter_results": { "violence": { "filtered": false, "severity": "safe" } },
        }],
        "usage": usage(),
    })
}

fn usage() -> Value {
    json!({
        "prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100,
        "prompt_tokens_details": { "cached_tokens": 400 },
    })
}

/// A chunk of the first choice.
pub fn chunk(delta: Value) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_763_000_000,
        "model": "gpt-4o-mini-2024-07-18", "system_fingerprint": "fp_1",
        "choices": [{ "index": 0, "delta": delta, "logprobs": null, "finish_reason": null }],
    })
}

pub fn finish(reason: &str) -> Value {
    let mut chunk = chunk(json!({}));
    chunk["choices"][0]["finish_reason"] = reason.into();
    chunk
}

pub fn usage_chunk() -> Value {
    let mut chunk = chunk(json!({}));
    chunk["choices"] = json!([]);
    chunk["usage"] = usage();
    chunk
}

/// What Azure OpenAI would stream.
pub fn streamed(text: &str) -> Vec<Value> {
    let mut chunks = vec![
        json!({
            "choices": [], "created": 0, "id": "", "model": "", "object": "",
            "prompt_filter_results": [{ "prompt_index": 0, "content_filter_results": { "hate": { "filtered": false } } }],
        }),
        chunk(json!({ "role": "assistant", "content": "", "refusal": null })),
    ];
    let letters: Vec<char> = text.chars().collect();
    let pieces = letters.chunks(letters.len().div_ceil(3).max(1));
    chunks
        .extend(pieces.map(|piece| chunk(json!({ "content": piece.iter().collect::<String>() }))));
    let mut end = finish("stop");
    end["choices"][0]["content_filter_results"] =
        json!({ "violence": { "filtered": false, "severity": "safe" } });
    chunks.extend([end, usage_chunk()]);
    chunks
}
