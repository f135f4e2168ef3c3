use std::fmt;
use std::str::FromStr;

/// What to keep of a vector.
///
/// The policy is a ceiling on the loss, checked for every vector when it is stored: a vector that
/// the policy's codec cannot keep within the bound, or not in fewer bytes, is stored by a more
/// exact one. Decoding needs no policy, so it may be changed at any time.
///
/// A lossy policy bounds the error of the whole vector: the stored vector `w` of `v` satisfies
/// `|v - w| ≤ e·|v|`. Then their cosine is at least `√(1 - e²)`, the bound stated here, and the
/// lengths differ by at most the factor `1 ± e`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum VectorPolicy {
    /// Every bit, in the fewest bytes: the default.
    #[default]
    Lossless,
    /// Every bit, in the layout that decodes fastest. About 6 % more memory than `Lossless` for
    /// the vectors of OpenAI, Cohere and Mistral, 14 % more for others.
    Fast,
    /// Every bit where half-precision numbers allow it, else cosine ≥ 0.999 999 9
    /// (length ± 0.045 %).
    NearLossless,
    /// Cosine ≥ 0.9999 (length ± 1.5 %), in about half the bytes of `Lossless`.
    Compact,
    /// Cosine ≥ 0.98 (length ± 20 %), in about a third of the bytes of `Lossless`. For a first pass over many
    /// vectors; not for ranking.
    Tiny,
}

impl VectorPolicy {
    /// Every policy, most exact first.
    pub const ALL: [Self; 5] =
        [Self::Lossless, Self::Fast, Self::NearLossless, Self::Compact, Self::Tiny];

    /// The name in settings: `lossless`, `fast`, `near-lossless`, `compact`, `tiny`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lossless => "lossless",
            Self::Fast => "fast",
            Self::NearLossless => "near-lossless",
            Self::Compact => "compact",
            Self::Tiny => "tiny",
        }
    }

    /// Whether every vector comes back bit by bit.
    #[must_use]
    pub fn is_exact(self) -> bool {
        matches!(self, Self::Lossless | Self::Fast)
    }

    /// The least cosine between a vector and what is stored of it; 1 for an exact policy.
    #[must_use]
    pub fn cosine_bound(self) -> f64 {
        match self {
            Self::Lossless | Self::Fast => 1.0,
            Self::NearLossless => 0.999_999_9,
            Self::Compact => 0.9999,
            Self::Tiny => 0.98,
        }
    }
}

impl fmt::Display for VectorPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for VectorPolicy {
    type Err = UnknownPolicy;

    /// Takes the exact [name](VectorPolicy::name).
    fn from_str(name: &str) -> Result<Self, UnknownPolicy> {
        Self::ALL.into_iter().find(|policy| policy.name() == name).ok_or(UnknownPolicy)
    }
}

/// No vector policy has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown vector policy; use one of lossless, fast, near-lossless, compact, tiny")]
#[non_exhaustive]
pub struct UnknownPolicy;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_back_and_nothing_else_does() {
        for policy in VectorPolicy::ALL {
            assert_eq!(policy.to_string().parse(), Ok(policy));
            assert!(UnknownPolicy.to_string().contains(policy.name()));
        }
        for bad in ["", "Lossless", "near_lossless", "tiny "] {
            assert_eq!(bad.parse::<VectorPolicy>(), Err(UnknownPolicy), "{bad:?}");
        }
    }
}
