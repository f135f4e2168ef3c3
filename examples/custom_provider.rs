//! A provider of your own, used through the cache.
//!
//! `cargo run --example custom_provider`
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::sync::Arc;

use async_trait::async_trait;
use caching_with_redis::core::{
    EmbedOptions, EmbedResponse, Embedding, EmbeddingProvider, ModelIdentity, ProviderError,
};
use caching_with_redis::{Settings, builder, open_backend};

/// Counts the vowels of a text: stands for your model.
#[derive(Debug)]
struct Vowels;

#[async_trait]
impl EmbeddingProvider for Vowels {
    // Whatever changes the vectors belongs here: it is part of every key.
    fn identity(&self) -> ModelIdentity {
        ModelIdentity::new("vowels", "vowels-5").with_version("1").with_dimensions(5)
    }

    // One result per text, in the order of the texts. The cache asks only for what is missing.
    async fn embed(
        &self,
        texts: &[&str],
        _: &EmbedOptions,
    ) -> Result<EmbedResponse, ProviderError> {
        println!("  (asked for {} texts)", texts.len());
        let count = |text: &str, vowel: char| text.matches(vowel).count() as f32;
        let numbers = |text| "aeiou".chars().map(|vowel| count(text, vowel)).collect::<Vec<_>>();
        let vectors: Result<Vec<_>, _> =
            texts.iter().map(|text| Embedding::new(numbers(text))).collect();
        Ok(EmbedResponse::new(vectors.map_err(ProviderError::failed)?))
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::load()?;
    let store = open_backend(&settings).await?.backend;
    let cache = builder(&settings, store)?.provider(Arc::new(Vowels)).build()?;
    for texts in [&["hello", "world"][..], &["hello", "world", "again"]] {
        println!("{texts:?}");
        println!("{:?}", cache.embed_batch(texts).await?);
    }
    Ok(cache.flush().await?)
}
