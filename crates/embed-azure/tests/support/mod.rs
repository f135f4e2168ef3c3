//! What several tests need.
#![allow(dead_code, reason = "every test uses another part")]

use std::time::Duration;

use cache_core::{EmbedOptions, EmbedResponse, EmbeddingProvider, ProviderError};
use embed_azure::{AzureApi, AzureOpenAi, Credential, EmbeddingModel, HttpOptions, OpenAi};
use openai_test_server::TestServer;

pub(crate) const MODEL: &str = "text-embedding-3-small";

/// Short times, so that failures come soon, and no proxy of the machine's.
pub(crate) fn quick() -> HttpOptions {
    HttpOptions::default()
        .without_proxy()
        .with_timeout(Duration::from_secs(30))
        .with_deadline(Duration::from_secs(60))
}

pub(crate) fn azure_with(server: &TestServer, api: AzureApi, http: HttpOptions) -> AzureOpenAi {
    let builder = AzureOpenAi::builder(server.url()).credential(Credential::api_key("test-key"));
    builder.api(api).http(http).build().unwrap()
}

pub(crate) fn azure(server: &TestServer) -> AzureOpenAi {
    azure_with(server, AzureApi::classic(), quick())
}

/// The default model, with these options.
pub(crate) fn model_with(server: &TestServer, http: HttpOptions) -> EmbeddingModel {
    azure_with(server, AzureApi::classic(), http).embeddings(MODEL)
}

pub(crate) fn model(server: &TestServer) -> EmbeddingModel {
    model_with(server, quick())
}

pub(crate) fn openai(server: &TestServer) -> OpenAi {
    let builder = OpenAi::builder().base_url(format!("{}/v1", server.url())).api_key("test-key");
    builder.http(quick()).build().unwrap()
}

pub(crate) async fn embed(
    model: &EmbeddingModel,
    inputs: &[&str],
) -> Result<EmbedResponse, ProviderError> {
    model.embed(inputs, &EmbedOptions::default()).await
}

/// The vectors of a call in which every input got one.
pub(crate) fn vectors(response: EmbedResponse) -> Vec<Vec<f32>> {
    response.embeddings.into_iter().map(|vector| vector.unwrap().to_vec()).collect()
}

/// Every input's vector, each asked for alone.
pub(crate) async fn one_by_one(model: &EmbeddingModel, inputs: &[&str]) -> Vec<Vec<f32>> {
    let mut all = Vec::new();
    for input in inputs {
        all.extend(vectors(embed(model, &[input]).await.unwrap()));
    }
    all
}
