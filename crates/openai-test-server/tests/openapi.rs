//! What the server answers, held against the published descriptions.
#![allow(clippy::unwrap_used)]

mod support;

use openai_test_server::{
    Api, ContentCategory, ContentFilterSpelling, Fault, Operation, RetryAfter, Schemas, TestServer,
};
use serde_json::{Value, json};
use support::{APIS, CHAT, EMBEDDINGS, answer, asking, chat, chunks, embed, send, streaming};

const SMALL: &str = "text-embedding-3-small";

/// None, and a word about it, where the descriptions are not at hand.
fn schemas() -> Option<Schemas> {
    let schemas = Schemas::from_env();
    if schemas.is_none() {
        eprintln!("not run: {} names no folder with the descriptions", Schemas::VARIABLE);
    }
    schemas
}

fn fits(result: Result<(), String>, api: Api, what: &Value) {
    result.unwrap_or_else(|problem| panic!("{api:?}: {problem}\n{what:#}"));
}

fn tools() -> Value {
    json!([{"type": "function", "function": {"name": "get_weather", "parameters": {}}}])
}

#[tokio::test]
async fn embeddings_fit() {
    let Some(schemas) = schemas() else { return };
    let server = TestServer::start().await;
    for api in APIS {
        let mut body = json!({"input": ["a", "b"], "dimensions": 3, "encoding_format": "float"});
        let (status, reply) = embed(&server, api, SMALL, body.clone()).await;
        assert_eq!(status, 200);
        fits(schemas.check_response(api, EMBEDDINGS, &reply), api, &reply);
        body["model"] = SMALL.into();
        fits(schemas.check_request(api, EMBEDDINGS, &body), api, &body);
        body["encoding_format"] = "base64".into();
        let (_, reply) = embed(&server, api, SMALL, body).await;
        let described = api == Api::AzureV1;
        assert_eq!(schemas.check_response(api, EMBEDDINGS, &reply).is_ok(), described, "{api:?}");
    }
}

#[tokio::test]
async fn completions_fit() {
    let Some(schemas) = schemas() else { return };
    let server = TestServer::start().await;
    for api in APIS {
        for text in ["hi", "weather", "[refuse]", "[reason]", "[filter]"] {
            let mut body = asking(text);
            body["tools"] = tools();
            body["n"] = 2.into();
            let (status, reply) = chat(&server, api, body.clone()).await;
            assert_eq!(status, 200);
            fits(schemas.check_response(api, CHAT, &reply), api, &reply);
            body["model"] = "gpt-4o-mini".into();
            fits(schemas.check_request(api, CHAT, &body), api, &body);
        }
    }
}

#[tokio::test]
async fn chunks_fit_but_those_of_the_filter() {
    let Some(schemas) = schemas() else { return };
    let server = TestServer::builder().async_filter().start().await;
    for api in APIS {
        for text in ["hi", "weather", "[refuse]", "[reason]", "[filter]"] {
            let mut body = streaming(text);
            body["tools"] = tools();
            body["stream_options"] = json!({"include_usage": true});
            let stream = send(&server, api, CHAT, "gpt-4o-mini", body).await;
            let mut bare = 0;
            for chunk in chunks(&stream.text().await.unwrap()) {
                // No description knows these, but the services send them.
                if chunk["object"] == "" {
                    bare += 1;
                    schemas.check_chunk(api, &chunk).unwrap_err();
                } else {
                    fits(schemas.check_chunk(api, &chunk), api, &chunk);
                }
            }
            assert_eq!(bare, if api.is_azure() { 2 } else { 0 });
        }
    }
}

#[tokio::test]
async fn refusals_fit_but_that_of_a_token() {
    let Some(schemas) = schemas() else { return };
    let server = TestServer::builder().requests_per_second(0.01).start().await;
    let cases: [(Operation, &str, Value); 6] = [
        (EMBEDDINGS, SMALL, json!({"input": ""})),
        (EMBEDDINGS, SMALL, json!({"input": "x", "dimensions": 0})),
        (EMBEDDINGS, "unknown", json!({"input": "x"})),
        (EMBEDDINGS, "gpt-4o-mini", json!({"input": "x"})),
        (CHAT, "gpt-4o-mini", json!({})),
        (CHAT, "gpt-4o-mini", json!({"messages": []})),
    ];
    for api in APIS {
        for (operation, model, body) in &cases {
            let refused = send(&server, api, *operation, model, body.clone()).await;
            let (status, reply) = answer(refused).await;
            assert!(status >= 400);
            fits(schemas.check_error(api, &reply), api, &reply);
        }
        let (status, over) = loop {
            let (status, reply) = embed(&server, api, SMALL, json!({"input": "x"})).await;
            if status != 200 {
                break (status, reply);
            }
        };
        assert_eq!(status, 429);
        fits(schemas.check_error(api, &over), api, &over);
        let url = format!("{}{}", server.url(), support::path(api, EMBEDDINGS, SMALL));
        let request = reqwest::Client::new().post(url).header("api-key", "wrong").json(&json!({}));
        let (status, wrong) = answer(request.send().await.unwrap()).await;
        assert_eq!(status, 401);
        fits(schemas.check_error(api, &wrong), api, &wrong);
    }
}

/// Which of the documented faults the description of Azure's v1 API knows.
#[test]
fn faults_fit_where_they_are_described() {
    let Some(schemas) = schemas() else { return };
    let violence = ContentCategory::Violence;
    for (fault, described) in [
        (Fault::status(500), true),
        (Fault::rate_limited(RetryAfter::Unsaid), true),
        (Fault::deployment_not_found(), true),
        (Fault::content_filter(violence, ContentFilterSpelling::Specification), true),
        (Fault::content_filter(violence, ContentFilterSpelling::Service), false),
        (Fault::rate_limited_integer_code(RetryAfter::Unsaid), false),
        (Fault::context_length(9000), false),
    ] {
        let Fault::Status { body, .. } = &fault else { panic!("{fault:?} has no body") };
        let body = serde_json::from_str(body).unwrap();
        assert_eq!(schemas.check_error(Api::AzureV1, &body).is_ok(), described, "{body}");
    }
}

#[test]
fn wrong_requests_do_not_fit() {
    let Some(schemas) = schemas() else { return };
    for api in APIS {
        for wrong in [json!({}), json!({"input": 5, "model": "m"})] {
            schemas.check_request(api, EMBEDDINGS, &wrong).unwrap_err();
        }
        let wrong = json!({"messages": "hi", "model": "m"});
        schemas.check_request(api, CHAT, &wrong).unwrap_err();
    }
}
