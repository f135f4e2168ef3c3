//! Looking for a question that means the same, once the question itself was missed.

mod decide;
mod feedback;
mod listing;
mod rest;
mod verify;

use std::sync::Arc;

use cache_core::vector::Similarity;
use cache_core::{Embedding, EmbeddingProviderExt, KeyFields, KeyKind, KeyProfile, KeySpace};
use tokio::sync::Semaphore;

use super::read::Read;
use super::{Call, Core};
use crate::answer::age_of;
use crate::builder::Config;
use crate::semantic::{Asked, Decision, Outcome, Semantic, SemanticHit};
use crate::stored::Kept;
use decide::Decided;
use rest::Rest;

/// Pairs that are verified at once, at most.
const VERIFIED_AT_ONCE: usize = 4;

/// The stage's own state.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) settings: Semantic,
    /// Where pairs that were marked as wrong are noted, and the threshold since then.
    notes: KeyProfile,
    rest: Rest,
    verifying: Arc<Semaphore>,
}

/// Why a lookup came to nothing; no detail is needed beyond the log's.
type Failure = Box<dyn std::error::Error + Send + Sync>;

impl Stage {
    pub(super) fn of(config: &Config) -> Option<Self> {
        let settings = config.semantic.clone()?;
        let space = KeySpace::new(config.namespace.clone(), KeyKind::Generation, config.generation);
        let fields = KeyFields::new(KeyKind::Generation).with("semantic", "note");
        let notes = KeyProfile::new(space, fields, config.secret.as_ref());
        let verifying = Arc::new(Semaphore::new(VERIFIED_AT_ONCE));
        Some(Self { settings, notes, rest: Rest::default(), verifying })
    }
}

impl Core {
    /// The answer to a question that means the same, where there is one and it is served.
    pub(super) async fn look_for_same(
        self: &Arc<Self>,
        call: &Call,
        read: &Read,
    ) -> Option<(Kept, SemanticHit)> {
        let (stage, asked) = (self.stage.as_ref()?, call.asked.as_ref()?);
        let decided = self.decide_in_time(stage, call, asked, read).await;
        let decision = decided.decision(call, stage.settings.shadow);
        self.report(stage, &decision);
        self.verify_later(stage, asked, &decision, &decided);
        match (decision.outcome, decided.kept, decision.matched, decision.similarity) {
            (Outcome::Served, Some(kept), Some(matched), Some(similarity)) => {
                let age = age_of(kept.0.meta.created_at_ms);
                let (threshold, asked) = (decision.threshold, decision.asked);
                Some((kept, SemanticHit { similarity, threshold, matched, asked, age }))
            }
            _ => None,
        }
    }

    /// Never an error, and never longer than the budget.
    async fn decide_in_time(
        self: &Arc<Self>,
        stage: &Stage,
        call: &Call,
        asked: &Asked,
        read: &Read,
    ) -> Decided {
        if stage.rest.is_on() {
            return Decided::nothing(Outcome::Failed, call.threshold);
        }
        let deciding = self.decide(stage, call, asked, read);
        let failure: Failure = match tokio::time::timeout(stage.settings.budget, deciding).await {
            Ok(Ok(decided)) => {
                stage.rest.succeeded();
                return decided;
            }
            Ok(Err(failure)) => failure,
            Err(over) => over.into(),
        };
        if stage.rest.failed() {
            tracing::warn!(error = %failure, "semantic lookups fail; they are left out for a while");
        }
        Decided::nothing(Outcome::Failed, call.threshold)
    }

    fn report(&self, stage: &Stage, decision: &Decision) {
        self.recorder.semantic(decision);
        tracing::debug!(
            outcome = ?decision.outcome,
            similarity = decision.similarity.map(Similarity::get),
            threshold = decision.threshold.get(),
            "a semantic lookup"
        );
        if let Some(observer) = &stage.settings.observer {
            observer(decision);
        }
    }

    /// The question's vector, computed once per call.
    async fn vector(&self, stage: &Stage, asked: &Asked) -> Result<Embedding, Failure> {
        if let Some(vector) = asked.vector.get() {
            return Ok(vector.clone());
        }
        let vector = stage.settings.embedder.embed_one(&asked.question.text).await?;
        Ok(asked.vector.get_or_init(|| vector).clone())
    }
}
