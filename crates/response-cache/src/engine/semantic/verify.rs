//! Second opinions, off the critical path.

use std::sync::Arc;
use std::time::Duration;

use super::super::Core;
use super::Stage;
use super::decide::Decided;
use crate::semantic::{Asked, Decision, Outcome, SemanticHit};

impl Core {
    /// Asks for a second opinion in the background, where one is wanted of this decision.
    pub(super) fn verify_later(
        self: &Arc<Self>,
        stage: &Stage,
        asked: &Arc<Asked>,
        decision: &Decision,
        decided: &Decided,
    ) {
        let (Some(verifier), Some(stored)) = (&stage.settings.verifier, &decided.question) else {
            return;
        };
        let served = matches!(decision.outcome, Outcome::Served | Outcome::WouldServe);
        let near = decision.outcome == Outcome::BelowThreshold;
        // The key's own bits choose: the same pair is always in the sample, or never.
        let [a, b, ..] = *decision.asked.hash();
        let drawn = f64::from(u16::from_le_bytes([a, b])) / 65_536.0;
        let sampled = served && drawn < stage.settings.verify_share;
        if !near && !sampled {
            return;
        }
        let Ok(permit) = Arc::clone(&stage.verifying).try_acquire_owned() else { return };
        let (core, verifier) = (Arc::clone(self), Arc::clone(verifier));
        let (asked, stored, hit) = (Arc::clone(asked), stored.clone(), hit(decision));
        self.background.spawn(async move {
            let verdict = verifier.same(&asked.question.text, &stored).await;
            drop(permit);
            match verdict {
                Ok(same) => {
                    core.recorder.semantic_verified(served, same);
                    if let (true, false, Some(hit)) = (served, same, hit)
                        && let Err(error) = core.mark_wrong(&hit).await
                    {
                        tracing::debug!(%error, "a wrong pair could not be marked");
                    }
                }
                Err(error) => tracing::debug!(%error, "a pair could not be verified"),
            }
        });
    }
}

fn hit(decision: &Decision) -> Option<SemanticHit> {
    let (similarity, matched) = (decision.similarity?, decision.matched.clone()?);
    let (threshold, asked) = (decision.threshold, decision.asked.clone());
    Some(SemanticHit { similarity, threshold, matched, asked, age: Duration::ZERO })
}
