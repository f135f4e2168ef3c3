//! Guards stand before answers only.

use std::fmt;

/// Which guards stand before an answer. Without a cache of answers it is of no account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(from = "String")]
pub struct GuardChoice;

impl From<String> for GuardChoice {
    fn from(_: String) -> Self {
        Self
    }
}

impl fmt::Display for GuardChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("all")
    }
}
