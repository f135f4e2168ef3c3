//! How fast recorded chunks are replayed.

use std::num::NonZeroU32;
use std::time::Duration;

/// How fast a stored answer is replayed as a stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pace {
    /// As fast as it is taken.
    #[default]
    Immediate,
    /// With the pauses that the service made, none longer than this. A whole answer has none.
    Recorded {
        /// Longest pause.
        longest_pause: Duration,
    },
    /// This many chunks a second.
    PerSecond(NonZeroU32),
}

impl Pace {
    /// The pause before a chunk that came `gap` after the one before it.
    pub(crate) fn pause(self, gap: Duration) -> Duration {
        match self {
            Self::Immediate => Duration::ZERO,
            Self::Recorded { longest_pause } => gap.min(longest_pause),
            Self::PerSecond(chunks) => Duration::from_secs(1) / chunks.get(),
        }
    }
}
