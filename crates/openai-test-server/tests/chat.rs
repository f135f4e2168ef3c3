//! Chat completions in one piece.
#![allow(clippy::unwrap_used)]

mod support;

use openai_test_server::{Api, TestServer};
use serde_json::{Value, json};
use support::{APIS, asking, chat, embed};

#[tokio::test]
async fn the_last_user_message_is_echoed_on_every_api() {
    let server = TestServer::start().await;
    for api in APIS {
        let (status, reply) = chat(&server, api, asking("what is 2 + 2?")).await;
        assert_eq!(status, 200);
        assert_eq!(reply["object"], "chat.completion");
        assert_eq!(reply["model"], "gpt-4o-mini");
        let choice = &reply["choices"][0];
        assert_eq!(choice["message"]["content"], "Echo: what is 2 + 2? (안녕하세요 🙂)");
        assert_eq!(choice["finish_reason"], "stop");
        assert_eq!(choice.get("content_filter_results").is_some(), api.is_azure());
        assert_eq!(reply.get("prompt_filter_results").is_some(), api.is_azure());
        assert_eq!(reply["usage"]["prompt_tokens"], 8);
        assert_eq!(reply["usage"]["completion_tokens"], 8);
        assert_eq!(reply["usage"]["total_tokens"], 16);
        assert_eq!(reply["usage"]["prompt_tokens_details"]["cached_tokens"], 0);
    }
}

#[tokio::test]
async fn texts_may_come_in_parts_and_long_prompts_are_cached() {
    let server = TestServer::start().await;
    let parts = [json!({"type": "text", "text": "a "}), json!({"type": "text", "text": "b"})];
    let body = json!({"messages": [{"role": "user", "content": parts}]});
    let (_, reply) = chat(&server, Api::AzureV1, body).await;
    assert_eq!(reply["choices"][0]["message"]["content"], "Echo: a b (안녕하세요 🙂)");
    let (_, reply) = chat(&server, Api::AzureV1, asking(&"x".repeat(8000))).await;
    assert_eq!(reply["usage"]["prompt_tokens"], 2004);
    assert_eq!(reply["usage"]["prompt_tokens_details"]["cached_tokens"], 1920);
}

#[tokio::test]
async fn several_choices_differ() {
    let server = TestServer::start().await;
    let mut body = asking("hi");
    body["n"] = 3.into();
    let (_, reply) = chat(&server, Api::OpenAi, body).await;
    let choices = reply["choices"].as_array().unwrap();
    let texts: Vec<_> = choices.iter().map(|c| c["message"]["content"].as_str().unwrap()).collect();
    assert_eq!(texts.len(), 3);
    assert!(texts[0] != texts[1] && texts[1] != texts[2] && texts[0] != texts[2]);
    assert_eq!(choices[2]["index"], 2);
}

#[tokio::test]
async fn keywords_give_the_other_forms() {
    let server = TestServer::start().await;
    let choice = async |text: &str| {
        let (_, reply) = chat(&server, Api::AzureV1, asking(text)).await;
        (reply["choices"][0].clone(), reply["usage"].clone())
    };
    let (refused, _) = choice("[refuse]").await;
    assert_eq!(refused["message"]["content"], Value::Null);
    assert!(refused["message"]["refusal"].as_str().unwrap().starts_with("I'm sorry"));
    let (reasoned, usage) = choice("[reason]").await;
    assert!(reasoned["message"]["reasoning_content"].as_str().unwrap().contains("echo"));
    assert_eq!(usage["completion_tokens_details"]["reasoning_tokens"], 7);
    let (filtered, _) = choice("[filter]").await;
    assert_eq!(filtered["finish_reason"], "content_filter");
    assert_eq!(filtered["content_filter_results"]["violence"]["filtered"], true);
    let mut body = asking("a b c d e f");
    body["max_completion_tokens"] = 3.into();
    let (_, reply) = chat(&server, Api::AzureV1, body).await;
    assert_eq!(reply["choices"][0]["finish_reason"], "length");
    assert_eq!(reply["choices"][0]["message"]["content"], "Echo: a b ");
}

#[tokio::test]
async fn the_weather_is_asked_of_a_tool() {
    let server = TestServer::start().await;
    let mut body = asking("How is the weather?");
    body["tools"] = json!([{"type": "function", "function": {"name": "get_weather"}}]);
    let calls = async |body: &Value| {
        let (_, reply) = chat(&server, Api::OpenAi, body.clone()).await;
        let choice = reply["choices"][0].clone();
        (choice["finish_reason"].clone(), choice["message"]["tool_calls"].clone())
    };
    let (finish, two) = calls(&body).await;
    assert_eq!(finish, "tool_calls");
    assert_eq!(two.as_array().unwrap().len(), 2);
    assert_ne!(two[0]["id"], two[1]["id"]);
    assert_eq!(two[0]["function"]["name"], "get_weather");
    let arguments = two[0]["function"]["arguments"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(arguments).unwrap()["city"], "서울");
    body["parallel_tool_calls"] = false.into();
    assert_eq!(calls(&body).await.1.as_array().unwrap().len(), 1);
    body["tool_choice"] = "none".into();
    assert_eq!(calls(&body).await, (json!("stop"), Value::Null));
}

#[tokio::test]
async fn requests_that_the_service_refuses() {
    let server = TestServer::start().await;
    let messages = || json!([{"role": "user", "content": "x"}]);
    let refusals = [
        (json!({}), "Missing required parameter: 'messages'."),
        (json!({"messages": null}), "Missing required parameter: 'messages'."),
        (json!({"messages": []}), "empty array"),
        (json!({"messages": "hi"}), "an array is expected"),
        (json!({"messages": [{"content": "hi"}]}), "needs a role"),
        (json!({"messages": messages(), "n": 0}), "'n'"),
        (json!({"messages": messages(), "max_tokens": -1}), "'max_tokens'"),
    ];
    for api in APIS {
        for (body, words) in &refusals {
            let (status, reply) = chat(&server, api, body.clone()).await;
            assert_eq!(status, 400);
            assert!(reply["error"]["message"].as_str().unwrap().contains(words), "{reply}");
        }
    }
    let body = asking("x");
    let (status, reply) = support::answer(
        support::send(&server, Api::AzureV1, support::CHAT, "text-embedding-3-small", body).await,
    )
    .await;
    assert_eq!((status, &reply["error"]["code"]), (400, &json!("OperationNotSupported")));
    let (status, _) = embed(&server, Api::AzureV1, "gpt-5-mini", json!({"input": "x"})).await;
    assert_eq!(status, 400);
}
