//! Suites that prove an implementation keeps its contract. Call them from a test of yours:
//!
//! ```
//! # use std::sync::Arc;
//! # use cache_core::{MemoryBackend, conformance};
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let backend = Arc::new(MemoryBackend::new(64 << 20));
//! conformance::backend::values(&*backend).await; // one property, or all of them: `run`
//! # }
//! ```
//!
//! They panic with the broken sentence of the contract. They need a multi-threaded or
//! current-thread Tokio runtime with time. Not API-stable: a minor release may add checks.

pub mod backend;
pub mod chat;
mod coordination;
pub mod log;
pub mod provider;
pub mod vector;

use crate::{CacheKey, KeyFields, KeyKind, KeyProfile, KeySpace, Namespace};

/// A namespace nobody else uses, so that suites can run side by side and again on one store.
pub(crate) fn fresh_namespace(label: &str) -> Namespace {
    let token = format!("{:?}", crate::LeaseToken::unique());
    Namespace::new(&format!("conformance-{label}-{token}")).expect("invariant: allowed characters")
}

pub(crate) fn keys(namespace: &Namespace, count: usize) -> Vec<CacheKey> {
    let space = KeySpace::new(namespace.clone(), KeyKind::Embedding, 0);
    let profile = KeyProfile::new(space, KeyFields::new(KeyKind::Embedding), None);
    (0..count).map(|i| profile.key(&i.to_string())).collect()
}
