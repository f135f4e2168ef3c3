//! From a question to the nearest one whose answer may be given.

use std::sync::Arc;

use cache_core::CacheKey;
use cache_core::vector::{Filter, Similarity, VectorId, VectorMatch, VectorQuery};

use super::super::read::{Found, Read};
use super::super::{Call, Core};
use super::feedback::tightened;
use super::{Failure, Stage};
use crate::MissCause;
use crate::semantic::{Asked, Decision, Outcome, Question};
use crate::stored::Kept;

/// What was decided, with what only the engine needs.
#[derive(Debug)]
pub(super) struct Decided {
    pub(super) outcome: Outcome,
    pub(super) threshold: Similarity,
    pub(super) nearest: Option<(CacheKey, Similarity)>,
    /// The answer, where it may be given.
    pub(super) kept: Option<Kept>,
    /// The question that it is the answer to, or that was nearly near enough.
    pub(super) question: Option<String>,
}

/// A match whose id is a key of this cache.
struct Candidate {
    id: VectorId,
    key: CacheKey,
    similarity: Similarity,
}

impl Decided {
    pub(super) fn nothing(outcome: Outcome, threshold: Similarity) -> Self {
        Self { outcome, threshold, nearest: None, kept: None, question: None }
    }

    pub(super) fn decision(&self, call: &Call, shadow: bool) -> Decision {
        let outcome = match self.outcome {
            Outcome::Served if shadow => Outcome::WouldServe,
            outcome => outcome,
        };
        Decision {
            outcome,
            similarity: self.nearest.as_ref().map(|(_, similarity)| *similarity),
            threshold: self.threshold,
            asked: call.key().clone(),
            matched: self.nearest.as_ref().map(|(key, _)| key.clone()),
        }
    }
}

impl Core {
    pub(super) async fn decide(
        self: &Arc<Self>,
        stage: &Stage,
        call: &Call,
        asked: &Asked,
        read: &Read,
    ) -> Result<Decided, Failure> {
        let (candidates, elsewhere) = self.search(stage, call, asked).await?;
        let threshold = call.threshold;
        let Some(nearest) = candidates.first() else {
            let near = elsewhere.is_some_and(|similarity| similarity >= threshold);
            let outcome = if near { Outcome::OtherContext } else { Outcome::Nothing };
            return Ok(Decided::nothing(outcome, threshold));
        };
        let nearest = (nearest.key.clone(), nearest.similarity);
        let margin = if stage.settings.verifier.is_some() { stage.settings.near } else { 0.0 };
        let floor = threshold.get() - margin;
        let near: Vec<_> = candidates.into_iter().filter(|c| c.similarity.get() >= floor).collect();
        if near.is_empty() {
            let other = elsewhere.is_some_and(|similarity| similarity >= threshold);
            let outcome = if other { Outcome::OtherContext } else { Outcome::BelowThreshold };
            return Ok(Decided { nearest: Some(nearest), ..Decided::nothing(outcome, threshold) });
        }
        let mut decided = self.judge_candidates(stage, call, asked, read, near).await?;
        decided.nearest.get_or_insert(nearest);
        Ok(decided)
    }

    /// The nearest questions of the same context, and in shadow mode how near one of another is.
    async fn search(
        &self,
        stage: &Stage,
        call: &Call,
        asked: &Asked,
    ) -> Result<(Vec<Candidate>, Option<Similarity>), Failure> {
        let vector = self.vector(stage, asked).await?;
        let tag = asked.question.tag();
        let same = Filter::tag(crate::semantic::context_attribute(), tag);
        let most = stage.settings.candidates;
        let mut queries =
            vec![VectorQuery::nearest(vector.clone(), most).with_filter(same.clone())];
        if stage.settings.shadow {
            queries.push(VectorQuery::nearest(vector, 1).with_filter(same.not()));
        }
        let mut found = stage.settings.index.search_many(&queries).await?.into_iter();
        let matches = found.next().unwrap_or_default();
        let elsewhere = found.next().and_then(|found| found.first().map(|near| near.similarity));
        let space = call.view.profile.space();
        let candidate = |found: VectorMatch| {
            let key = CacheKey::parse(space, found.id.as_str().as_bytes())?;
            let other = key != *call.key(); // Its own answer was just missed.
            other.then_some(Candidate { id: found.id, key, similarity: found.similarity })
        };
        Ok((matches.into_iter().filter_map(candidate).collect(), elsewhere))
    }

    /// Reads the candidates' answers, one round trip, and takes the first that may be given.
    async fn judge_candidates(
        self: &Arc<Self>,
        stage: &Stage,
        call: &Call,
        asked: &Asked,
        read: &Read,
        near: Vec<Candidate>,
    ) -> Result<Decided, Failure> {
        let notes = near.iter().map(|candidate| stage.pair_note(call.key(), &candidate.key));
        let mut keys = vec![stage.threshold_note()];
        keys.extend(notes);
        keys.extend(near.iter().map(|candidate| candidate.key.clone()));
        let values = self.get_many(&keys).await?;
        let threshold = tightened(&keys[0], values[0].as_ref(), call.threshold);
        let (marks, entries) = values[1..].split_at(near.len());
        let (mut first, mut gone) = (None, Vec::new());
        for ((candidate, mark), value) in near.into_iter().zip(marks).zip(entries) {
            let found = self.judge(call, &candidate.key, value.as_ref(), &read.stamps).await?;
            let (outcome, kept) = match found {
                Found::Fresh(kept) => {
                    let marked = mark.is_some();
                    let near_enough = candidate.similarity >= threshold;
                    let outcome = outcome(stage, asked, &kept, marked, near_enough);
                    (outcome, Some(kept))
                }
                Found::Missing(MissCause::NoUsage | MissCause::TooOld, _) | Found::Stale(_) => {
                    (Outcome::Gone, None)
                }
                Found::Missing(..) => {
                    gone.push(candidate.id);
                    (Outcome::Gone, None)
                }
            };
            let question = kept.as_ref().and_then(question_of).map(|stored| stored.text.clone());
            let decided = Decided {
                outcome,
                threshold,
                nearest: Some((candidate.key, candidate.similarity)),
                kept: kept.filter(|_| outcome == Outcome::Served),
                question,
            };
            if outcome == Outcome::Served {
                first = Some(decided);
                break;
            }
            first.get_or_insert(decided);
        }
        self.unlist_later(gone);
        Ok(first.unwrap_or_else(|| Decided::nothing(Outcome::Nothing, threshold)))
    }
}

fn question_of(kept: &Kept) -> Option<&Question> {
    kept.0.meta.question.as_ref()
}

/// What becomes of an answer that is there and fresh.
fn outcome(stage: &Stage, asked: &Asked, kept: &Kept, marked: bool, near: bool) -> Outcome {
    let Some(stored) = question_of(kept) else { return Outcome::Gone };
    // The index filtered by it. Should an index be damaged, the entry itself says so too.
    if stored.context != asked.question.context {
        return Outcome::OtherContext;
    }
    if marked {
        return Outcome::MarkedWrong;
    }
    if !near {
        return Outcome::BelowThreshold;
    }
    match stage.settings.guards.check(&asked.question.text, &stored.text) {
        Ok(()) => Outcome::Served,
        Err(found) => Outcome::Guarded(found.guard),
    }
}
