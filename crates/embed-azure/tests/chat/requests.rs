//! What is sent.

use cache_core::{ChatProvider, ChatRequest};
use openai_test_server::{Api, Operation, Request, Schemas, TestServer};
use serde_json::{Value, json};

use crate::support::{APIS, MODEL, Streamed, ask, http, model_of, tools};

/// A request with parameters of many kinds, in an order that no sorting gives.
fn rich() -> Value {
    json!({
        "temperature": 0.1,
        "tools": tools(),
        "messages": [
            { "role": "system", "content": "Answer briefly. 짧게." },
            { "role": "user", "content": [{ "type": "text", "text": "hello" }] },
        ],
        "response_format": { "type": "text" },
        "logit_bias": { "50256": -100, "1": 2 },
        "n": 1,
        "seed": 7,
        "stop": ["\n\n", "끝"],
        "max_tokens": 100,
        "user": "somebody",
    })
}

async fn sent(server: &TestServer, api: Api, body: &Value, stream: bool) -> Request {
    let model = model_of(server.url(), api, http());
    let request = ChatRequest::from_json(body.clone()).unwrap();
    server.clear_requests();
    if stream {
        Streamed::of(&model, &request).await.complete();
    } else {
        model.complete(&request).await.unwrap();
    }
    server.requests().remove(0)
}

#[tokio::test]
async fn parameters_go_out_as_given_in_their_order() {
    let server = TestServer::start().await;
    let mut body = rich();
    body["z_unknown"] = json!({ "b": null, "a": [1.5, "two"] });
    let given = body.to_string();
    let inner = given.strip_prefix('{').unwrap().strip_suffix('}').unwrap();
    for api in APIS {
        let model = if api == Api::AzureClassic { "" } else { "\"model\":\"gpt-4o-mini\"," };
        let whole = sent(&server, api, &body, false).await.raw_body;
        assert_eq!(String::from_utf8(whole).unwrap(), format!("{{{model}{inner}}}"));
        let streamed = sent(&server, api, &body, true).await.raw_body;
        assert_eq!(
            String::from_utf8(streamed).unwrap(),
            format!("{{{model}{inner},\"stream\":true}}")
        );
    }
}

#[tokio::test]
async fn the_model_is_named_where_the_service_wants_it() {
    let server = TestServer::start().await;
    for given in [json!({}), json!({ "model": null }), json!({ "model": MODEL })] {
        let mut body = given.clone();
        body["messages"] = json!([{ "role": "user", "content": "hello" }]);
        for api in APIS {
            let request = sent(&server, api, &body, false).await;
            if api == Api::AzureClassic {
                assert_eq!(request.body, body);
                let path = "/openai/deployments/gpt-4o-mini/chat/completions";
                assert_eq!(request.path, path);
                assert_eq!(request.query, "api-version=2024-10-21");
            } else {
                assert_eq!(request.body["model"], MODEL);
                assert!(request.path.ends_with("/v1/chat/completions"), "{}", request.path);
            }
        }
    }
}

#[tokio::test]
async fn options_of_streams_go_with_streams_only() {
    let server = TestServer::start().await;
    let options = json!({ "include_usage": true });
    let request = ask("hello").with("stream", false).with("stream_options", options.clone());
    let body = Value::Object(request.into_body());
    let streamed = sent(&server, Api::AzureV1, &body, true).await.body;
    assert_eq!((&streamed["stream"], &streamed["stream_options"]), (&json!(true), &options));
    let whole = sent(&server, Api::AzureV1, &body, false).await.body;
    assert!(whole.get("stream").is_none() && whole.get("stream_options").is_none());
}

#[tokio::test]
async fn requests_and_answers_fit_the_published_descriptions() {
    let Some(schemas) = Schemas::from_env() else {
        println!("not run: {} names no folder of OpenAPI descriptions", Schemas::VARIABLE);
        return;
    };
    let server = TestServer::start().await;
    let simple = Value::Object(ask("hello").into_body());
    for api in APIS {
        for body in [&rich(), &simple] {
            for stream in [false, true] {
                let sent = sent(&server, api, body, stream).await.body;
                schemas.check_request(api, Operation::Chat, &sent).unwrap();
            }
        }
        let model = model_of(server.url(), api, http());
        let answer = model.complete(&ask("hello")).await.unwrap();
        schemas.check_response(api, Operation::Chat, answer.body()).unwrap();
    }
}
