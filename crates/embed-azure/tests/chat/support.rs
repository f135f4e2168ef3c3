//! Models of a test server, and reading streams to their end.

use std::fmt::Debug;
use std::future::poll_fn;
use std::time::Duration;

use cache_core::{
    ChatChunk, ChatProvider, ChatRequest, ChatStream, ErrorDetail, ProviderError, ProviderErrorKind,
};
use embed_azure::{AzureApi, AzureOpenAi, ChatModel, Credential, HttpOptions, OpenAi};
use openai_test_server::{Api, Fault, TestServer};
use serde_json::{Value, json};

pub(crate) const MODEL: &str = "gpt-4o-mini";
pub(crate) const APIS: [Api; 3] = [Api::AzureClassic, Api::AzureV1, Api::OpenAi];

/// Options for a server on this machine.
pub(crate) fn http() -> HttpOptions {
    HttpOptions::default().without_proxy()
}

/// The chat model of a server, by one of its APIs.
pub(crate) fn model_of(url: &str, api: Api, http: HttpOptions) -> ChatModel {
    if api == Api::OpenAi {
        let base = format!("{url}/v1");
        let client = OpenAi::builder().base_url(base).api_key("test-key").http(http).build();
        return client.unwrap().chat(MODEL);
    }
    azure(url, api, http).chat(MODEL)
}

/// The client of a server, by one of Azure's APIs.
pub(crate) fn azure(url: &str, api: Api, http: HttpOptions) -> AzureOpenAi {
    let api =
        if api == Api::AzureV1 { AzureApi::V1 { version: None } } else { AzureApi::classic() };
    let builder = AzureOpenAi::builder(url).api(api).credential(Credential::api_key("test-key"));
    builder.http(http).build().unwrap()
}

/// The model by Azure's classic API.
pub(crate) fn model(server: &TestServer) -> ChatModel {
    model_of(server.url(), Api::AzureClassic, http())
}

/// The same, with a short patience for silence within streams.
pub(crate) fn impatient(server: &TestServer, idle: Duration) -> ChatModel {
    model_of(server.url(), Api::AzureClassic, http().with_idle_timeout(idle))
}

pub(crate) fn ask(text: &str) -> ChatRequest {
    ChatRequest::user(text)
}

/// A stream of these lines, as an answer with the status 200.
pub(crate) fn events(body: &str) -> Fault {
    answer("text/event-stream", body)
}

/// An answer with the status 200.
pub(crate) fn answer(content_type: &str, body: &str) -> Fault {
    Fault::Status {
        status: 200,
        headers: vec![("content-type".to_owned(), content_type.to_owned())],
        body: body.to_owned(),
    }
}

/// An event of one choice.
pub(crate) fn event(content: &str, finish_reason: Option<&str>) -> String {
    let choice = json!({
        "index": 0,
        "delta": { "content": content },
        "finish_reason": finish_reason,
    });
    format!("data: {}\n\n", json!({ "choices": [choice] }))
}

pub(crate) async fn next(stream: &mut ChatStream) -> Option<Result<ChatChunk, ProviderError>> {
    poll_fn(|context| stream.as_mut().poll_next(context)).await
}

/// What came, and the error that ended it.
pub(crate) struct Streamed {
    pub(crate) chunks: Vec<ChatChunk>,
    pub(crate) error: Option<ProviderError>,
}

impl Streamed {
    pub(crate) async fn read(mut stream: ChatStream) -> Self {
        let (mut chunks, mut error) = (Vec::new(), None);
        while let Some(item) = next(&mut stream).await {
            assert!(error.is_none(), "something comes after the error");
            match item {
                Ok(chunk) => chunks.push(chunk),
                Err(found) => error = Some(found),
            }
        }
        assert!(next(&mut stream).await.is_none(), "something comes after the end");
        Self { chunks, error }
    }

    pub(crate) async fn of(model: &ChatModel, request: &ChatRequest) -> Self {
        Self::read(model.stream(request).await.unwrap()).await
    }

    /// The chunks of an answer that must be complete.
    pub(crate) fn complete(self) -> Vec<ChatChunk> {
        assert!(self.error.is_none(), "{:?}", self.error);
        self.chunks
    }

    pub(crate) fn text(&self) -> String {
        text(&self.chunks)
    }

    /// The error of an answer that broke off after that many chunks.
    pub(crate) fn interrupted(self, kind: ProviderErrorKind, chunks: usize) -> ProviderError {
        assert_eq!(self.chunks.len(), chunks);
        let characters = self
            .chunks
            .iter()
            .flat_map(ChatChunk::choices)
            .filter_map(|choice| choice["delta"]["content"].as_str())
            .map(|text| text.chars().count() as u64)
            .sum();
        let error = self.error.expect("the answer is not complete");
        assert_eq!(error.kind(), kind, "{error}");
        let detail = ErrorDetail::Interrupted { chunks: chunks as u64, characters };
        assert_eq!(error.detail(), (chunks > 0).then_some(&detail), "{error}");
        error
    }
}

pub(crate) fn text(chunks: &[ChatChunk]) -> String {
    chunks.iter().filter_map(ChatChunk::content).collect()
}

/// A field of every choice's delta, put together by the choices' indices.
pub(crate) fn deltas(chunks: &[ChatChunk], field: &str) -> Vec<String> {
    let mut together = Vec::new();
    for choice in chunks.iter().flat_map(ChatChunk::choices) {
        let index = usize::try_from(choice["index"].as_u64().unwrap()).unwrap();
        together.resize(together.len().max(index + 1), String::new());
        together[index].push_str(choice["delta"][field].as_str().unwrap_or_default());
    }
    together
}

/// The finish reasons, in the order in which they came.
pub(crate) fn finish_reasons(chunks: &[ChatChunk]) -> Vec<&str> {
    let choices = chunks.iter().flat_map(ChatChunk::choices);
    choices.filter_map(|choice| choice["finish_reason"].as_str()).collect()
}

/// The error says of which deployment it speaks.
pub(crate) fn assert_names_place(error: &ProviderError) {
    let shown = error.to_string();
    assert!(shown.contains(MODEL) && shown.contains("127.0.0.1"), "{shown}");
}

pub(crate) fn error_of<T: Debug>(result: Result<T, ProviderError>) -> ProviderError {
    result.expect_err("the call fails")
}

pub(crate) fn tools() -> Value {
    let parameters = json!({
        "type": "object",
        "properties": { "unit": { "type": "string" }, "city": { "type": "string" } },
    });
    json!([{ "type": "function", "function": { "name": "get_weather", "parameters": parameters } }])
}
