//! A minimal client.
#![allow(dead_code, unreachable_pub)] // Each test binary uses a part of it.

use openai_test_server::{Api, Operation, TestServer};
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

pub const EMBEDDINGS: Operation = Operation::Embeddings;
pub const CHAT: Operation = Operation::Chat;

pub const APIS: [Api; 3] = [Api::AzureClassic, Api::AzureV1, Api::OpenAi];

/// The path of an operation; the deployment is named in the path where it can be.
pub fn path(api: Api, operation: Operation, deployment: &str) -> String {
    let operation = match operation {
        Operation::Embeddings => "embeddings",
        _ => "chat/completions",
    };
    match api {
        Api::AzureClassic => {
            format!("/openai/deployments/{deployment}/{operation}?api-version=2024-10-21")
        }
        Api::AzureV1 => format!("/openai/v1/{operation}"),
        _ => format!("/v1/{operation}"),
    }
}

/// A request with the right key.
pub fn post(server: &TestServer, api: Api, path: &str) -> RequestBuilder {
    let request = reqwest::Client::new().post(format!("{}{path}", server.url()));
    if api.is_azure() {
        request.header("api-key", "test-key")
    } else {
        request.bearer_auth("test-key")
    }
}

/// Sends a body, with the model where the API wants it there.
pub async fn send(
    server: &TestServer,
    api: Api,
    operation: Operation,
    model: &str,
    mut body: Value,
) -> Response {
    if api != Api::AzureClassic {
        body["model"] = model.into();
    }
    post(server, api, &path(api, operation, model)).json(&body).send().await.unwrap()
}

/// Status and JSON of an embeddings request.
pub async fn embed(server: &TestServer, api: Api, model: &str, body: Value) -> (u16, Value) {
    answer(send(server, api, Operation::Embeddings, model, body).await).await
}

/// Status and JSON of a chat request.
pub async fn chat(server: &TestServer, api: Api, body: Value) -> (u16, Value) {
    answer(send(server, api, Operation::Chat, "gpt-4o-mini", body).await).await
}

/// Status and JSON of an answer; null where it is none.
pub async fn answer(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or_default())
}

/// A chat request of one user message.
pub fn asking(text: &str) -> Value {
    json!({"messages": [
        {"role": "system", "content": "You are helpful."},
        {"role": "user", "content": text},
    ]})
}

/// As [`asking`], streamed.
pub fn streaming(text: &str) -> Value {
    let mut body = asking(text);
    body["stream"] = true.into();
    body
}

/// The `data` of the events of a stream, as the standard has them read.
pub fn events(stream: &str) -> Vec<String> {
    let mut events = Vec::new();
    let mut data: Vec<&str> = Vec::new();
    for line in stream.lines() {
        match line.split_once(':').unwrap_or((line, "")) {
            ("", "") if !data.is_empty() => {
                events.push(std::mem::take(&mut data).join("\n"));
            }
            ("data", value) => data.push(value.strip_prefix(' ').unwrap_or(value)),
            _ => {}
        }
    }
    assert!(data.is_empty(), "the last event is not ended: {data:?}");
    events
}

/// The chunks of a whole stream, whose `[DONE]` is checked.
pub fn chunks(stream: &str) -> Vec<Value> {
    let mut events = events(stream);
    assert_eq!(events.pop().as_deref(), Some("[DONE]"));
    events.iter().map(|event| serde_json::from_str(event).unwrap()).collect()
}

/// What the deltas of a choice say together under this name.
pub fn said(chunks: &[Value], choice: u64, name: &str) -> String {
    let choices = chunks.iter().flat_map(|chunk| chunk["choices"].as_array().unwrap());
    choices.filter(|c| c["index"] == choice).filter_map(|c| c["delta"][name].as_str()).collect()
}
