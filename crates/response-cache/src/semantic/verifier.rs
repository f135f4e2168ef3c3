//! A second opinion.

use std::fmt::Debug;

use async_trait::async_trait;
use cache_core::ProviderError;

/// Judges whether two questions want the same answer: a cross-encoder, or a chat model that is asked.
///
/// It is asked in the background, never while a caller waits: about a
/// [share](super::Semantic::verify_share) of what was served, and about near misses.
#[async_trait]
pub trait Verifier: Debug + Send + Sync + 'static {
    /// Whether an answer to `stored` answers `asked`.
    async fn same(&self, asked: &str, stored: &str) -> Result<bool, ProviderError>;
}
