//! The public suite.

use std::sync::Arc;

use cache_core::conformance;
use openai_test_server::TestServer;

use crate::support::{APIS, http, model_of};

#[tokio::test]
async fn every_api_keeps_the_contract() {
    for api in APIS {
        let server = TestServer::start().await;
        let model = Arc::new(model_of(server.url(), api, http()));
        conformance::chat::run(Arc::clone(&model) as _).await;
        conformance::chat::concurrency(model, |question, answer| {
            answer.starts_with(&format!("Echo: {question} "))
        })
        .await;
    }
}
