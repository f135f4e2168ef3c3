//! The semantic stage of the settings, as answers have it.

use caching_with_redis::settings::SemanticChoice;
use serde::Serialize;

use crate::context::Context;
use crate::language::Language;

/// How questions that mean the same share an answer.
#[derive(Debug, Serialize)]
pub(super) struct Stage {
    /// `shadow` or `on`.
    mode: &'static str,
    threshold: Option<f32>,
    guards: String,
    candidates: usize,
    /// Without the dimensions that follow.
    index: String,
}

impl Stage {
    /// What is set; nothing where the stage is off.
    pub(super) fn of(context: &Context) -> Option<Self> {
        let settings = &context.settings;
        let threshold = settings.semantic_threshold.of(&settings.namespace);
        (settings.semantic != SemanticChoice::Off).then(|| Self {
            mode: settings.semantic.as_str(),
            threshold: threshold.map(|threshold| threshold.get()),
            guards: settings.semantic_guards.to_string(),
            candidates: settings.semantic_candidates,
            index: settings.semantic_index.clone(),
        })
    }

    /// As a row.
    pub(super) fn row(&self, language: Language) -> (String, String) {
        let threshold = self.threshold.unwrap_or_default().to_string();
        let shown = match self.mode {
            "shadow" => language.stage_in_shadow(&threshold, &self.guards, &self.index),
            _ => language.stage_on(&threshold, &self.guards, &self.index),
        };
        (language.label_stage(), shown)
    }
}
