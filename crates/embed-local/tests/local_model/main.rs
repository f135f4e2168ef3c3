//! Models in the process: a tiny one that is made here, and all-MiniLM-L6-v2 where it is at hand.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]

mod bert;
mod cancelling;
mod damaged;
mod identity;
mod long_texts;
mod numbers;
mod real;
mod refusals;
mod tiny;

use std::sync::Arc;

use cache_core::{EmbedOptions, EmbeddingProvider, conformance};
use embed_local::LocalModel;

use tiny::TinyModel;

/// The vectors of texts that are all fine, and how many tokens they had.
async fn embed(model: &LocalModel, texts: &[&str]) -> (Vec<Vec<f32>>, u64) {
    let response = model.embed(texts, &EmbedOptions::default()).await.unwrap();
    let vectors = response.embeddings.into_iter().map(|vector| vector.unwrap().to_vec()).collect();
    (vectors, response.tokens.unwrap())
}

fn cosine(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    };
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract() {
    let model = TinyModel::default().write();
    conformance::provider::run(Arc::new(LocalModel::open(model.path()).await.unwrap())).await;
}
