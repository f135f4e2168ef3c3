//! Embeddings, normal and refused.
#![allow(clippy::unwrap_used)]

mod support;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openai_test_server::{Api, TestServer};
use serde_json::{Value, json};
use support::{APIS, answer, embed, path, post};

const SMALL: &str = "text-embedding-3-small";

fn floats(embedding: &Value) -> Vec<f32> {
    match embedding {
        Value::String(text) => {
            let bytes = STANDARD.decode(text).unwrap();
            bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
        }
        array => serde_json::from_value(array.clone()).unwrap(),
    }
}

#[tokio::test]
async fn base64_and_arrays_are_the_same_numbers_on_every_api() {
    let server = TestServer::start().await;
    let mut seen = Vec::new();
    for api in APIS {
        for format in ["base64", "float"] {
            let body = json!({"input": ["하나", "two"], "encoding_format": format});
            let (status, reply) = embed(&server, api, SMALL, body).await;
            assert_eq!(status, 200);
            assert_eq!(reply["object"], "list");
            assert_eq!(reply["model"], SMALL);
            assert_eq!(reply["usage"], json!({"prompt_tokens": 3, "total_tokens": 3}));
            let data = reply["data"].as_array().unwrap();
            assert_eq!(data[0]["embedding"].is_string(), format == "base64");
            assert_eq!([&data[0]["index"], &data[1]["index"]], [0, 1]);
            seen.push(data.iter().map(|item| floats(&item["embedding"])).collect::<Vec<_>>());
        }
    }
    assert_eq!(seen[0][0].len(), 1536);
    assert_ne!(seen[0][0], seen[0][1]);
    assert!(seen.iter().all(|vectors| *vectors == seen[0]), "bit for bit");
}

#[tokio::test]
async fn inputs_come_in_four_forms() {
    let server = TestServer::start().await;
    let counts = [
        (json!("one"), 1, 1),
        (json!(["one", "two"]), 2, 2),
        (json!([1, 2, 3]), 1, 3),
        (json!([[1, 2], [3]]), 2, 3),
    ];
    for (input, vectors, tokens) in counts {
        let (status, reply) = embed(&server, Api::OpenAi, SMALL, json!({"input": input})).await;
        assert_eq!(status, 200);
        assert_eq!(reply["data"].as_array().unwrap().len(), vectors);
        assert_eq!(reply["usage"]["prompt_tokens"], tokens);
    }
}

#[tokio::test]
async fn dimensions_are_for_models_that_shorten() {
    let server = TestServer::start().await;
    let ask = |model: &'static str, dimensions: Value| {
        embed(&server, Api::AzureV1, model, json!({"input": "x", "dimensions": dimensions}))
    };
    for dimensions in [1, 256, 3072] {
        let (_, reply) = ask("text-embedding-3-large", json!(dimensions)).await;
        let vector = floats(&reply["data"][0]["embedding"]);
        assert_eq!(vector.len(), dimensions);
        let length: f64 = vector.iter().map(|v| f64::from(*v).powi(2)).sum();
        assert!((length - 1.0).abs() < 1e-6);
    }
    assert_eq!(ask(SMALL, Value::Null).await.0, 200);
    for wrong in [json!(0), json!(1537), json!(1.5), json!("256")] {
        let (status, reply) = ask(SMALL, wrong).await;
        assert_eq!((status, &reply["error"]["param"]), (400, &json!("dimensions")));
    }
    let (status, reply) = ask("text-embedding-ada-002", json!(1536)).await;
    assert_eq!(status, 400);
    assert_eq!(reply["error"]["message"], "This model does not support specifying dimensions.");
}

#[tokio::test]
async fn inputs_that_the_service_refuses() {
    let server = TestServer::builder()
        .max_inputs(3)
        .max_input_tokens(10)
        .max_request_tokens(15)
        .start()
        .await;
    let long = "x".repeat(41);
    let refusals = [
        (json!(""), "empty string"),
        (json!(["a", ""]), "empty string"),
        (json!([]), "at least one"),
        (json!([[1], []]), "'$.input' is invalid"),
        (json!([1, "a"]), "'$.input' is invalid"),
        (json!({"text": "a"}), "'$.input' is invalid"),
        (Value::Null, "'$.input' is invalid"),
        (json!(["a", "b", "c", "d"]), "Too many inputs. The max number of inputs is 3"),
        (
            json!(["a", long]),
            "maximum context length is 10 tokens, however you requested 11 tokens",
        ),
        (
            json!([[1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 3, 4, 5, 6, 7, 8]]),
            "Requested 16 tokens, max 15",
        ),
    ];
    for (input, words) in refusals {
        let (status, reply) = embed(&server, Api::OpenAi, SMALL, json!({"input": input})).await;
        assert_eq!(status, 400, "{words}");
        let message = reply["error"]["message"].as_str().unwrap();
        assert!(message.contains(words), "{message} / {words}");
    }
    let body = json!({"input": "a", "encoding_format": "int8"});
    assert_eq!(embed(&server, Api::OpenAi, SMALL, body).await.0, 400);
}

#[tokio::test]
async fn deployments_are_not_their_models() {
    let server = TestServer::builder().deployment("my search/é", SMALL).start().await;
    let model = async |deployment: &str| {
        let (status, reply) =
            embed(&server, Api::AzureClassic, deployment, json!({"input": "x"})).await;
        (
            status,
            if status == 200 { reply["model"].clone() } else { reply["error"]["code"].clone() },
        )
    };
    assert_eq!(model("my%20search%2F%C3%A9").await, (200, json!(SMALL)));
    assert_eq!(model("search").await, (404, json!("DeploymentNotFound")));
    assert_eq!(model("gpt-4o-mini").await, (400, json!("OperationNotSupported")));
    server.redeploy("my search/é", "text-embedding-3-large");
    assert_eq!(model("my%20search%2F%C3%A9").await, (200, json!("text-embedding-3-large")));
    let (status, reply) = embed(&server, Api::OpenAi, "search", json!({"input": "x"})).await;
    assert_eq!((status, &reply["error"]["code"]), (404, &json!("model_not_found")));
}

#[tokio::test]
async fn some_servers_ignore_base64_and_some_shuffle() {
    let server = TestServer::builder().ignores_base64().shuffles().start().await;
    let body = json!({"input": ["a", "b", "c"], "encoding_format": "base64"});
    let (_, shuffled) = embed(&server, Api::OpenAi, SMALL, body).await;
    let plain = TestServer::start().await;
    let (_, ordered) = embed(&plain, Api::OpenAi, SMALL, json!({"input": ["a", "b", "c"]})).await;
    let data = shuffled["data"].as_array().unwrap();
    assert_eq!(
        data.iter().map(|item| item["index"].as_u64().unwrap()).collect::<Vec<_>>(),
        [1, 0, 2]
    );
    for item in data {
        assert!(item["embedding"].is_array());
        let index = usize::try_from(item["index"].as_u64().unwrap()).unwrap();
        assert_eq!(item, &ordered["data"][index]);
    }
}

#[tokio::test]
async fn old_versions_know_neither_dimensions_nor_formats() {
    let server = TestServer::start().await;
    let ask = async |version: &str, body: Value| {
        let path = format!("/openai/deployments/{SMALL}/embeddings?api-version={version}");
        answer(post(&server, Api::AzureClassic, &path).json(&body).send().await.unwrap()).await
    };
    assert_eq!(ask("2023-05-15", json!({"input": "x"})).await.0, 200);
    assert_eq!(ask("2024-06-01", json!({"input": "x", "dimensions": 8})).await.0, 200);
    let (status, reply) = ask("2023-05-15", json!({"input": "x", "dimensions": 8})).await;
    assert_eq!(status, 400);
    assert_eq!(reply["error"]["message"], "Unrecognized request argument supplied: dimensions");
}

#[tokio::test]
async fn a_body_of_100_megabytes_is_taken() {
    let server = TestServer::builder()
        .max_input_tokens(usize::MAX)
        .max_request_tokens(usize::MAX)
        .start()
        .await;
    let body = format!("{{\"input\":\"{}\",\"dimensions\":2}}", "x".repeat(100_000_000));
    let path = path(Api::AzureClassic, support::EMBEDDINGS, SMALL);
    let response = post(&server, Api::AzureClassic, &path).body(body).send().await.unwrap();
    let (status, reply) = answer(response).await;
    assert_eq!((status, &reply["usage"]["total_tokens"]), (200, &json!(25_000_000)));
    assert_eq!(server.requests()[0].raw_body.len(), 100_000_027);
}
