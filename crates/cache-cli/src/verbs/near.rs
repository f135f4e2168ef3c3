//! What is kept near, as `status` shows it.

use std::time::Duration;

use caching_with_redis::redis::{NearConfig, NearState};
use serde::Serialize;

use crate::context::{Context, Opened};
use crate::figures::{bytes, span};
use crate::language::Language;

/// Servers may take so long to say whether they tell what changes.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, Serialize)]
pub(super) struct Near {
    state: &'static str,
    max_bytes: u64,
    max_staleness_ms: u64,
    #[serde(skip)]
    now: NearState,
    #[serde(skip)]
    max_staleness: Duration,
}

impl Near {
    /// Asks the servers to tell what changes, as the first reads of a program do; `None` where nothing
    /// is to be kept near. A refusal is among the store's findings after that.
    pub(super) async fn of(context: &Context, opened: &Opened) -> Option<Self> {
        let near = opened.store.near.as_ref()?;
        let now = near.ready(&opened.model.key(""), PATIENCE).await;
        let settings = &context.settings;
        let max_staleness =
            settings.near_staleness.map_or(NearConfig::DEFAULT_MAX_STALENESS, |span| span.0);
        Some(Self {
            state: name_of(now),
            max_bytes: settings.near_memory.map_or(0, |size| size.0),
            max_staleness_ms: u64::try_from(max_staleness.as_millis()).unwrap_or(u64::MAX),
            now,
            max_staleness,
        })
    }

    /// What people are shown of it.
    pub(super) fn shown(&self, language: Language) -> String {
        let size = bytes(self.max_bytes);
        match self.now {
            NearState::Tracking => language.near_told(&size),
            NearState::ShortLived => language.near_untold(&size, &span(self.max_staleness)),
            _ => language.near_nothing(),
        }
    }
}

/// A stable name for programs.
fn name_of(state: NearState) -> &'static str {
    match state {
        NearState::Tracking => "tracking",
        NearState::ShortLived => "short_lived",
        NearState::Off => "off",
        NearState::Disconnected => "disconnected",
        _ => "other",
    }
}
