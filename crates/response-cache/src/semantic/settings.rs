//! The settings of the semantic stage.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use cache_core::vector::{
    AttributeKind, AttributeName, IndexSchema, Similarity, VectorIndex, VectorRefusal,
};
use cache_core::{ChatRequest, EmbeddingProvider};

use super::{Decision, Guards, Verifier};

type RequestRule = Arc<dyn Fn(&ChatRequest) -> bool + Send + Sync>;
type ThresholdRule = Arc<dyn Fn(&ChatRequest) -> Option<Similarity> + Send + Sync>;
type Observer = Arc<dyn Fn(&Decision) + Send + Sync>;

/// The attribute that says in which context a question was asked.
const CONTEXT: &str = "context";

pub(crate) fn context_attribute() -> AttributeName {
    AttributeName::new(CONTEXT).expect("invariant: the name has only letters")
}

/// The schema of an index for [`Semantic`], of vectors of this many dimensions.
///
/// # Errors
/// When there cannot be vectors of that many.
pub fn index_schema(dimensions: usize) -> Result<IndexSchema, VectorRefusal> {
    Ok(IndexSchema::new(dimensions)?.with_attribute(context_attribute(), AttributeKind::Tags))
}

/// What it takes to answer questions that mean the same: an index, whatever embeds, and a threshold.
///
/// Nothing is looked up unless a call asks for it
/// ([`CallOptions::with_semantic`](crate::CallOptions::with_semantic)) or a [rule](Self::when) says
/// so. The threshold depends on the model that embeds and on the questions: see
/// [`calibrate`](super::calibrate).
#[derive(Clone)]
#[must_use = "settings do nothing until they are given to a builder"]
pub struct Semantic {
    pub(crate) index: Arc<dyn VectorIndex>,
    pub(crate) embedder: Arc<dyn EmbeddingProvider>,
    pub(crate) threshold: Similarity,
    pub(crate) threshold_rule: Option<ThresholdRule>,
    pub(crate) when: Option<RequestRule>,
    pub(crate) guards: Guards,
    pub(crate) candidates: usize,
    pub(crate) budget: Duration,
    pub(crate) shadow: bool,
    pub(crate) observer: Option<Observer>,
    pub(crate) verifier: Option<Arc<dyn Verifier>>,
    pub(crate) verify_share: f64,
    pub(crate) near: f32,
}

impl Semantic {
    /// An index of [this schema](index_schema), what embeds the questions (usually an embedding
    /// cache in front of a model), and the least similarity of a question whose answer is given.
    pub fn new(
        index: Arc<dyn VectorIndex>,
        embedder: Arc<dyn EmbeddingProvider>,
        threshold: Similarity,
    ) -> Self {
        Self {
            index,
            embedder,
            threshold,
            threshold_rule: None,
            when: None,
            guards: Guards::all(),
            candidates: 4,
            budget: Duration::from_millis(500),
            shadow: false,
            observer: None,
            verifier: None,
            verify_share: 0.0,
            near: 0.05,
        }
    }

    /// Which requests are looked up without being asked to. Default: none.
    pub fn when(mut self, rule: impl Fn(&ChatRequest) -> bool + Send + Sync + 'static) -> Self {
        self.when = Some(Arc::new(rule));
        self
    }

    /// A threshold of its own for some requests: for those in another language, or about money. A
    /// cache has one namespace and thus a threshold of its own; a call may say another
    /// ([`CallOptions::with_semantic_threshold`](crate::CallOptions::with_semantic_threshold)).
    pub fn threshold_by(
        mut self,
        rule: impl Fn(&ChatRequest) -> Option<Similarity> + Send + Sync + 'static,
    ) -> Self {
        self.threshold_rule = Some(Arc::new(rule));
        self
    }

    /// What must agree beside the meaning. Default: all guards.
    pub fn guards(mut self, guards: Guards) -> Self {
        self.guards = guards;
        self
    }

    /// How many of the nearest questions are looked at, at least 1: one whose answer has gone, or
    /// that a guard holds back, makes room for the next. Default: 4.
    pub fn candidates(mut self, candidates: usize) -> Self {
        self.candidates = candidates.clamp(1, 100);
        self
    }

    /// How long a lookup may take, embedding included; then it is a miss. After three failures in a
    /// row the stage is left alone for five seconds. Default: 500 ms.
    pub fn budget(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    /// Decides, counts and logs, and serves nothing. A lookup then also looks whether the nearest
    /// question was asked in another context ([`Outcome::OtherContext`](super::Outcome::OtherContext)).
    /// Default: off.
    pub fn shadow(mut self, shadow: bool) -> Self {
        self.shadow = shadow;
        self
    }

    /// Is told of every lookup, in the caller's task: it must not block.
    pub fn observe(mut self, observer: impl Fn(&Decision) + Send + Sync + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Asks for a second opinion, in the background and about at most four pairs at once: of all
    /// near misses, and of what was served or would have been as
    /// [`verify_share`](Self::verify_share) says. A served pair that it finds wrong is
    /// [marked](crate::ResponseCache::mark_wrong).
    pub fn verifier(mut self, verifier: Arc<dyn Verifier>) -> Self {
        self.verifier = Some(verifier);
        self
    }

    /// Which share of the served pairs is verified, 0 to 1. Default: 0.
    pub fn verify_share(mut self, share: f64) -> Self {
        self.verify_share = share.clamp(0.0, 1.0);
        self
    }

    /// How far below the threshold a similarity still is a near miss that is verified. Default: 0.05.
    pub fn near(mut self, distance: f32) -> Self {
        self.near = distance.clamp(0.0, 2.0);
        self
    }

    pub(crate) fn looks_up(&self, request: &ChatRequest) -> bool {
        self.when.as_ref().is_some_and(|rule| rule(request))
    }

    pub(crate) fn threshold_of(&self, request: &ChatRequest) -> Similarity {
        let by_rule = self.threshold_rule.as_ref().and_then(|rule| rule(request));
        by_rule.unwrap_or(self.threshold)
    }
}

impl fmt::Debug for Semantic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semantic")
            .field("index", self.index.name())
            .field("threshold", &self.threshold)
            .field("guards", &self.guards)
            .field("shadow", &self.shadow)
            .finish_non_exhaustive()
    }
}
