//! Batches: splitting, learning, isolating, summing up.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use cache_core::{
    EmbedOptions, EmbeddingProvider, ErrorDetail, InputKind, ProviderErrorKind as Kind,
    ProviderLimits,
};
use openai_test_server::{ContentCategory, ContentFilterSpelling, Fault, TestServer};
use support::{MODEL, azure, embed, model, one_by_one, vectors};

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("text number {i}")).collect()
}

fn strs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

#[tokio::test]
async fn shuffled_replies_are_put_in_order_to_the_bit() {
    let server = TestServer::builder().shuffles().start().await;
    let arrays = TestServer::builder().ignores_base64().start().await;
    let inputs = ["one", "two", "셋", "four", "one"];
    let together = vectors(embed(&model(&server), &inputs).await.unwrap());
    assert_eq!(together, one_by_one(&model(&server), &inputs).await);
    assert_eq!(together, vectors(embed(&model(&arrays), &inputs).await.unwrap()), "as arrays");
    assert_eq!(together[0], together[4]);
}

#[tokio::test]
async fn the_request_says_what_was_asked() {
    let server = TestServer::start().await;
    let model = azure(&server)
        .embeddings(MODEL)
        .with_user("somebody")
        .with_dimensions(64)
        .with_input_types("query", "passage");
    let options = EmbedOptions::default().with_input_kind(InputKind::Document).with_dimensions(8);
    let response = model.embed(&["a"], &options).await.unwrap();
    assert_eq!(response.model.as_deref(), Some(MODEL));
    assert_eq!(response.embeddings[0].as_ref().unwrap().dimensions(), 8);
    assert_eq!(vectors(embed(&model, &["a"]).await.unwrap())[0].len(), 64);
    let bodies: Vec<_> = server.requests().into_iter().map(|request| request.body).collect();
    let expected = serde_json::json!({
        "input": ["a"], "encoding_format": "base64", "dimensions": 8, "user": "somebody",
        "input_type": "passage",
    });
    assert_eq!(bodies[0], expected);
    assert_eq!(bodies[1].get("input_type"), None, "no kind, no type");
}

#[tokio::test]
async fn large_batches_are_split_by_inputs_and_by_tokens() {
    let server = TestServer::start().await;
    let inputs = texts(5000);
    let response = embed(&model(&server), &strs(&inputs)).await.unwrap();
    assert_eq!(server.requests().len(), 3);
    assert!(response.tokens.unwrap() >= 5000, "usage of all parts");
    assert_eq!(response.model.as_deref(), Some(MODEL));
    let all = vectors(response);
    let some = one_by_one(&model(&server), &[&inputs[0], &inputs[2048], &inputs[4999]]).await;
    assert_eq!([&all[0], &all[2048], &all[4999]], [&some[0], &some[1], &some[2]]);

    server.clear_requests();
    // However the tokens are counted, they are more than the server counts.
    let long = "x y z ".repeat(2666);
    vectors(embed(&model(&server), &[long.as_str(); 64]).await.unwrap());
    let sizes: Vec<_> =
        server.requests().iter().map(|r| r.body["input"].as_array().unwrap().len()).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 64);
    assert_eq!(sizes.len(), 2, "{sizes:?}");
}

#[tokio::test]
async fn a_lower_limit_of_inputs_is_learned_once() {
    let server = TestServer::builder().max_inputs(16).start().await;
    let client = azure(&server);
    let inputs = texts(100);
    let inputs = strs(&inputs);
    vectors(embed(&client.embeddings(MODEL), &inputs).await.unwrap());
    assert_eq!(server.requests().len(), 1 + 7, "one refusal, then parts of 16");
    server.clear_requests();
    let another = client.embeddings(MODEL);
    assert_eq!(another.limits().max_inputs, 16, "kept for the deployment");
    vectors(embed(&another, &inputs).await.unwrap());
    assert_eq!(server.requests().len(), 7);
}

#[tokio::test]
async fn a_request_with_too_many_tokens_is_halved() {
    let server = TestServer::builder().max_request_tokens(1000).start().await;
    let inputs = texts(400); // four tokens each
    let all = vectors(embed(&model(&server), &strs(&inputs)).await.unwrap());
    assert_eq!(all.len(), 400);
    assert_eq!(server.requests().len(), 3, "one refusal, two halves");
}

#[tokio::test]
async fn empty_and_too_long_texts_are_named_before_anything_is_sent() {
    let server = TestServer::start().await;
    let endless = "x".repeat(128 * 8192 + 1);
    let model = azure(&server).embeddings(MODEL).with_model(MODEL);
    let response = embed(&model, &["good", "", &endless, "fine"]).await.unwrap();
    let kinds: Vec<_> = response
        .embeddings
        .iter()
        .map(|result| result.as_ref().err().map(|error| (error.kind(), error.input())))
        .collect();
    let expected =
        [None, Some((Kind::InvalidInput, Some(1))), Some((Kind::InputTooLong, Some(2))), None];
    assert_eq!(kinds, expected);
    assert_eq!(server.requests().len(), 1);
    assert_eq!(server.requests()[0].body["input"], serde_json::json!(["good", "fine"]));
    server.clear_requests();
    let error = embed(&model, &["", ""]).await.unwrap_err();
    assert_eq!((error.kind(), error.input()), (Kind::InvalidInput, Some(0)));
    assert!(embed(&model, &[]).await.unwrap().embeddings.is_empty());
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn texts_that_the_service_refuses_do_not_spoil_the_others() {
    let server = TestServer::builder().max_input_tokens(50).start().await;
    let mut inputs = texts(256);
    for bad in [7, 130, 255] {
        inputs[bad] = "much too long ".repeat(40);
    }
    let response = embed(&model(&server), &strs(&inputs)).await.unwrap();
    for (index, result) in response.embeddings.iter().enumerate() {
        match result {
            Ok(_) => assert!(![7, 130, 255].contains(&index)),
            Err(error) => {
                assert_eq!((error.kind(), error.input()), (Kind::InputTooLong, Some(index)));
                let detail = error.detail();
                assert!(matches!(detail, Some(ErrorDetail::ContextLength { limit: 50, .. })));
            }
        }
    }
    assert_eq!(response.embeddings.iter().filter(|result| result.is_err()).count(), 3);
    let requests = server.requests().len();
    assert!(requests <= 1 + 3 * 2 * 8, "{requests} requests for 3 culprits among 256");
}

#[tokio::test]
async fn a_filtered_text_is_found() {
    let server = TestServer::start().await;
    let refusal =
        || Fault::content_filter(ContentCategory::Violence, ContentFilterSpelling::Service);
    // All, the first half, the first quarter; the second input is then alone with its kind.
    server.script([refusal(), refusal()]);
    let serial = ProviderLimits::default().with_max_concurrency(1);
    let model = model(&server).with_limits(serial);
    let response = embed(&model, &["a", "b"]).await.unwrap();
    let error = response.embeddings[0].as_ref().unwrap_err();
    assert_eq!((error.kind(), error.input()), (Kind::ContentFiltered, Some(0)));
    let categories = vec!["violence".to_owned()];
    assert_eq!(error.detail(), Some(&ErrorDetail::ContentFilter { categories }));
    assert!(response.embeddings[1].is_ok());
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn a_request_that_is_wrong_as_a_whole_is_not_tried_for_each_input() {
    let server = TestServer::start().await;
    server.always(Fault::null_code(400, "no"));
    let inputs = texts(2000);
    let error = embed(&model(&server), &strs(&inputs)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::InvalidInput);
    let requests = server.requests().len();
    assert!(requests <= 2 * 11 + 2 + 4, "{requests} requests");
}

#[tokio::test]
async fn parts_that_fail_fail_only_their_own_inputs() {
    let server = TestServer::start().await;
    server.script([Fault::EmptyData, Fault::WrongCount]);
    let limits = ProviderLimits::default().with_max_inputs(2).with_max_concurrency(1);
    let model = model(&server).with_limits(limits);
    let response = embed(&model, &["a", "b", "c", "d", "e"]).await.unwrap();
    let ok: Vec<_> = response.embeddings.iter().map(Result::is_ok).collect();
    assert_eq!(ok, [false, false, false, false, true]);
    for error in response.embeddings.iter().take(4).map(|result| result.as_ref().unwrap_err()) {
        assert_eq!((error.kind(), error.input()), (Kind::BadReply, None));
    }
}

#[tokio::test]
async fn a_hopeless_error_ends_the_batch() {
    let server = TestServer::start().await;
    let limits = ProviderLimits::default().with_max_inputs(1).with_max_concurrency(2);
    let model = azure(&server).embeddings("nothing-here").with_limits(limits);
    let inputs = texts(50);
    let error = embed(&model, &strs(&inputs)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
    assert!(server.requests().len() <= 3);
}

#[tokio::test]
async fn identities_tell_what_is_known() {
    let server = TestServer::start().await;
    let plain = azure(&server).embeddings("d").identity();
    assert_eq!((plain.provider.as_str(), plain.model.as_str()), ("azure-openai", "d"));
    assert_eq!(plain.endpoint.as_deref(), Some(server.url()));
    assert_eq!((plain.deployment.as_deref(), plain.dimensions), (Some("d"), None));
    assert_eq!(plain.normalized, None);
    let model = azure(&server).embeddings("d").with_dimensions(64).with_model(MODEL);
    let known = model.with_version("1").identity();
    assert_eq!((known.model.as_str(), known.version.as_deref()), (MODEL, Some("1")));
    assert_eq!((known.dimensions, known.normalized), (Some(64), Some(true)));
    let compatible = support::openai(&server).embeddings("text-embedding-3-large").identity();
    assert_eq!((compatible.provider.as_str(), compatible.deployment), ("openai", None));
    assert_eq!(compatible.dimensions, None, "a compatible server may serve anything by that name");
    let itself = embed_azure::OpenAi::builder().api_key("key").build().unwrap();
    let openai = itself.embeddings("text-embedding-3-large").identity();
    assert_eq!(openai.dimensions, Some(3072));
    assert!(server.requests().is_empty(), "nothing is called");
}

#[tokio::test]
async fn vectors_of_two_models_are_not_mixed() {
    let server = TestServer::builder().deployment("d", MODEL).start().await;
    server.script([Fault::Nothing, Fault::Delay(Duration::from_millis(300))]);
    let limits = ProviderLimits::default().with_max_inputs(2).with_max_concurrency(1);
    let model = azure(&server).embeddings("d").with_limits(limits).with_dimensions(64);
    let embedding = embed(&model, &["a", "b", "c", "d"]);
    let redeploying = async {
        while server.requests().len() < 2 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        server.redeploy("d", "text-embedding-3-large");
    };
    let (response, ()) = tokio::join!(embedding, redeploying);
    let response = response.unwrap();
    assert_eq!(response.model.as_deref(), Some(MODEL));
    let fine: Vec<bool> = response.embeddings.iter().map(Result::is_ok).collect();
    assert_eq!(fine, [true, true, false, false]);
}

#[tokio::test]
async fn a_known_model_s_vectors_must_have_its_size() {
    let server = TestServer::builder().deployment("d", "text-embedding-3-large").start().await;
    let error = embed(&azure(&server).embeddings("d").with_model(MODEL), &["a"]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::BadReply);
    assert!(error.to_string().contains("3072 dimensions instead of 1536"), "{error}");
}

#[tokio::test]
async fn what_is_sent_fits_the_published_descriptions() {
    use openai_test_server::{Api, Operation, Schemas};
    let Some(schemas) = Schemas::from_env() else {
        println!("not run: TEST_OPENAPI_DIR is not set");
        return;
    };
    let server = TestServer::start().await;
    let openai = support::openai(&server).embeddings(MODEL);
    let v1 = support::azure_with(&server, embed_azure::AzureApi::v1(), support::quick());
    let all = [
        (Api::AzureClassic, azure(&server).embeddings(MODEL)),
        (Api::AzureV1, v1.embeddings(MODEL)),
        (Api::OpenAi, openai),
    ];
    for (api, model) in all {
        server.clear_requests();
        let model = model.with_user("u").with_dimensions(8);
        embed(&model, &["one", "two"]).await.unwrap();
        let body = &server.requests()[0].body;
        schemas.check_request(api, Operation::Embeddings, body).unwrap();
    }
}
