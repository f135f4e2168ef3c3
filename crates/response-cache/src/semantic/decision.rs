//! What became of a semantic lookup.

use std::time::Duration;

use cache_core::CacheKey;
use cache_core::vector::Similarity;

use super::Guard;

/// The semantic answer that a call was given: how similar the questions are, whose answer it is and
/// how old. What [`mark_wrong`](crate::ResponseCache::mark_wrong) takes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SemanticHit {
    /// Similarity of the two questions.
    pub similarity: Similarity,
    /// What it had to reach.
    pub threshold: Similarity,
    /// The key of the request whose answer it is.
    pub matched: CacheKey,
    /// The key of the request that was asked.
    pub asked: CacheKey,
    /// Time since the provider gave the answer.
    pub age: Duration,
}

/// Why a semantic lookup ended as it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// The answer was given.
    Served,
    /// It would have been given, but for the [shadow mode](super::Semantic::shadow).
    WouldServe,
    /// No question of this context is in the index.
    Nothing,
    /// The nearest question is not near enough.
    BelowThreshold,
    /// The nearest question differs in what this guard looks at.
    Guarded(Guard),
    /// The nearest question was asked in another context: other messages before it, another system
    /// prompt, other parameters, another scope. Known only in [shadow mode](super::Semantic::shadow);
    /// otherwise such questions are not looked at.
    OtherContext,
    /// The nearest question's answer has expired, was removed or invalidated.
    Gone,
    /// The pair was [marked as wrong](crate::ResponseCache::mark_wrong).
    MarkedWrong,
    /// The embedding, the index or the store failed or took too long, or is given a rest after that.
    Failed,
}

/// One semantic lookup, for logs and for [calibration](super::calibrate). Holds no text.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Decision {
    /// What became of it.
    pub outcome: Outcome,
    /// The similarity of the nearest question of the same context.
    pub similarity: Option<Similarity>,
    /// What it had to reach.
    pub threshold: Similarity,
    /// The key of the request that was asked.
    pub asked: CacheKey,
    /// The key of the nearest question's request.
    pub matched: Option<CacheKey>,
}
