#![doc = include_str!("../README.md")]

mod address;
mod azure;
mod build_error;
mod chat;
mod credential;
mod embeddings;
mod http;
mod models;
mod openai;

pub use address::AzureApi;
pub use azure::{AzureOpenAi, AzureOpenAiBuilder};
pub use build_error::BuildError;
pub use chat::ChatModel;
pub use credential::{
    AZURE_AI_SCOPE, AccessToken, COGNITIVE_SERVICES_SCOPE, Credential, TokenProvider,
};
pub use embeddings::EmbeddingModel;
pub use http::{HttpOptions, RateLimit};
pub use openai::{OpenAi, OpenAiBuilder};
