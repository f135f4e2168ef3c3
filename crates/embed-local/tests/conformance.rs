//! The shared suite for providers.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use cache_core::conformance;
use embed_local::Lexical;

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract() {
    conformance::provider::run(Arc::new(Lexical::default())).await;
}

#[tokio::test]
async fn keeps_the_contract_at_other_sizes() {
    for dimensions in [16, 4096] {
        conformance::provider::run(Arc::new(Lexical::new(dimensions).unwrap())).await;
    }
}
