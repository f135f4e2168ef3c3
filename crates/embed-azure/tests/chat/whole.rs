//! Answers in one piece.

use crate::support::{
    APIS, MODEL, answer, ask, assert_names_place, azure, error_of, http, model, model_of, tools,
};
use cache_core::{ChatProvider, ChatProviderExt, ErrorDetail, ProviderErrorKind};
use openai_test_server::{Api, ContentCategory, ContentFilterSpelling, Fault, TestServer};

#[tokio::test]
async fn every_field_of_the_answer_arrives() {
    for api in APIS {
        let server = TestServer::start().await;
        let model = model_of(server.url(), api, http());
        let answer = model.complete(&ask("hello").with("n", 2)).await.unwrap();
        assert_eq!(answer.content(), Some("Echo: hello (안녕하세요 🙂)"));
        assert_eq!((answer.choices().len(), answer.finish_reason()), (2, Some("stop")));
        assert!(answer.model().unwrap().starts_with(MODEL));
        assert!(answer.usage().unwrap().completion > 0);
        assert_eq!(answer.body()["object"], "chat.completion");
        assert_eq!(answer.body().get("prompt_filter_results").is_some(), api.is_azure());
    }
}

#[tokio::test]
async fn tools_refusals_and_reasons() {
    let server = TestServer::start().await;
    let model = model(&server);
    let request = ask("What is the weather?").with("tools", tools());
    let answer = model.complete(&request).await.unwrap();
    assert_eq!((answer.content(), answer.finish_reason()), (None, Some("tool_calls")));
    let calls = answer.choices()[0]["message"]["tool_calls"].as_array().unwrap();
    assert_eq!(calls.len(), 2);
    assert!(calls[0]["function"]["arguments"].as_str().unwrap().contains("서울"));

    let answer = model.complete(&ask("[refuse]")).await.unwrap();
    assert!(answer.choices()[0]["message"]["refusal"].as_str().unwrap().contains("죄송합니다"));
    let answer = model.complete(&ask("[reason]")).await.unwrap();
    assert!(answer.choices()[0]["message"]["reasoning_content"].is_string());
    let answer = model.complete(&ask("[filter]")).await.unwrap();
    assert_eq!(answer.finish_reason(), Some("content_filter"));
}

#[tokio::test]
async fn cached_tokens_are_counted() {
    let server = TestServer::start().await;
    let answer = model(&server).complete(&ask(&"long ".repeat(2_000))).await.unwrap();
    let usage = answer.usage().unwrap();
    assert!(usage.cached_prompt >= 1024 && usage.cached_prompt <= usage.prompt, "{usage:?}");
}

#[tokio::test]
async fn the_check_names_the_model() {
    let server = TestServer::start().await;
    let check = model(&server).check().await.unwrap();
    assert!(check.model.unwrap().starts_with(MODEL) && check.tokens.unwrap() > 0);
}

#[tokio::test]
async fn replies_that_are_no_answers_are_refused() {
    let server = TestServer::start().await;
    let model = model(&server);
    let json = |body: &str| answer("application/json", body);
    for (reply, kind) in [
        (Fault::EmptyBody, ProviderErrorKind::BadReply),
        (Fault::NotJson, ProviderErrorKind::BadReply),
        (Fault::html(200), ProviderErrorKind::BadReply),
        (json("[]"), ProviderErrorKind::BadReply),
        (json("{}"), ProviderErrorKind::BadReply),
        (json(r#"{"choices":null}"#), ProviderErrorKind::BadReply),
        (json(r#"{"choices":[]}"#), ProviderErrorKind::BadReply),
        (json(r#"{"error":{"code":429,"message":"slow down"}}"#), ProviderErrorKind::RateLimited),
        (json(r#"{"statusCode":401,"message":"no access"}"#), ProviderErrorKind::Unauthorized),
    ] {
        let what = format!("{reply:?}");
        server.script([reply]);
        let error = error_of(model.complete(&ask("a secret question")).await);
        assert_eq!(error.kind(), kind, "{what}: {error}");
        assert_names_place(&error);
        assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
    }
    assert!(model.complete(&ask("hello")).await.is_ok(), "the model stays usable");
}

#[tokio::test]
async fn a_filtered_prompt_names_the_categories() {
    let server = TestServer::start().await;
    let model = model(&server);
    for spelling in [ContentFilterSpelling::Service, ContentFilterSpelling::Specification] {
        for streamed in [false, true] {
            server.script([Fault::content_filter(ContentCategory::Hate, spelling)]);
            let error = if streamed {
                model.stream(&ask("a secret question")).await.err().unwrap()
            } else {
                error_of(model.complete(&ask("a secret question")).await)
            };
            assert_eq!(error.kind(), ProviderErrorKind::ContentFiltered, "{error}");
            let Some(ErrorDetail::ContentFilter { categories }) = error.detail() else {
                panic!("{error:?} has no categories");
            };
            assert_eq!(categories, &["hate"]);
        }
    }
}

#[tokio::test]
async fn another_model_is_refused_unasked() {
    let server = TestServer::start().await;
    let request = ask("hello").with("model", "gpt-5-mini");
    let model = model(&server);
    assert_eq!(error_of(model.complete(&request).await).kind(), ProviderErrorKind::InvalidInput);
    assert_eq!(model.stream(&request).await.err().unwrap().kind(), ProviderErrorKind::InvalidInput);
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn the_identity_says_what_answers() {
    let server = TestServer::builder().deployment("prod", "gpt-5-mini").start().await;
    for api in APIS {
        let model = model_of(server.url(), api, http());
        let identity = model.identity();
        assert_eq!(identity.provider, if api.is_azure() { "azure-openai" } else { "openai" });
        assert_eq!(identity.deployment.as_deref(), api.is_azure().then_some(MODEL));
        assert_eq!(identity.model, MODEL);
        let named = model.with_model("gpt-4o").with_version("2024-11-20").identity();
        assert_eq!(
            (named.model.as_str(), named.version.as_deref()),
            ("gpt-4o", Some("2024-11-20"))
        );
        assert_eq!(named.deployment, identity.deployment);
    }
}

#[tokio::test]
async fn a_named_model_is_sent_as_the_service_wants_it() {
    let server = TestServer::builder().deployment("prod", "gpt-5-mini").start().await;
    for (api, sent) in [(Api::AzureClassic, "gpt-5-mini"), (Api::AzureV1, "prod")] {
        let model = azure(server.url(), api, http()).chat("prod").with_model("gpt-5-mini");
        server.clear_requests();
        let answer = model.complete(&ask("hello").with("model", "gpt-5-mini")).await.unwrap();
        assert!(answer.model().unwrap().starts_with("gpt-5-mini"));
        assert_eq!(server.requests()[0].body["model"], sent);
    }
}
