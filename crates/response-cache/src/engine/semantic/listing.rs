//! Putting questions into the index, and taking them out.

use std::sync::Arc;

use cache_core::vector::{AttributeValue, Attributes, VectorEntry, VectorId};
use cache_core::{CacheKey, Ttl};

use super::super::{Call, Core};
use super::{Failure, Stage};
use crate::semantic::{Asked, context_attribute};

impl Core {
    /// Puts the question of an answer that was just stored into the index, in the background. It is
    /// found there for as long as the store keeps the answer.
    pub(in crate::engine) fn list_later(self: &Arc<Self>, call: &Call, slot: &CacheKey, ttl: Ttl) {
        let (Some(_), Some(asked)) = (&self.stage, &call.asked) else { return };
        let (core, asked, slot) = (Arc::clone(self), Arc::clone(asked), slot.clone());
        self.background.spawn(async move {
            let Some(stage) = &core.stage else { return };
            if let Err(error) = core.list(stage, &asked, &slot, ttl).await {
                tracing::debug!(%error, "a question was not put into the index");
                core.recorder.semantic_write_failed();
            }
        });
    }

    async fn list(
        &self,
        stage: &Stage,
        asked: &Asked,
        slot: &CacheKey,
        ttl: Ttl,
    ) -> Result<(), Failure> {
        let vector = self.vector(stage, asked).await?;
        let tag = AttributeValue::tag(asked.question.tag());
        let attributes = Attributes::from([(context_attribute(), tag)]);
        let id = VectorId::new(&slot.to_string())?;
        let entry = VectorEntry::new(id, vector, ttl).with_attributes(attributes);
        stage.settings.index.upsert_many(&[entry]).await?;
        Ok(())
    }

    /// Takes questions out whose answers are gone.
    pub(super) fn unlist_later(self: &Arc<Self>, ids: Vec<VectorId>) {
        if ids.is_empty() {
            return;
        }
        let core = Arc::clone(self);
        self.background.spawn(async move {
            let Some(stage) = &core.stage else { return };
            if let Err(error) = stage.settings.index.remove_many(&ids).await {
                tracing::debug!(%error, "questions without an answer stay in the index");
            }
        });
    }
}
