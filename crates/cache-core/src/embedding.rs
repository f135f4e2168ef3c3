//! An embedding vector that is known to be sound.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

/// The most dimensions a vector may have. The largest embedding model in use has 16,384.
pub const MAX_DIMENSIONS: usize = 65_536;

/// A vector of finite 32-bit floats, at least one and at most [`MAX_DIMENSIONS`].
///
/// Cloning copies a pointer. `Debug` shows the number of dimensions and no values: a vector can
/// be turned back into much of its text.
#[derive(Clone, PartialEq)]
pub struct Embedding(Arc<[f32]>);

impl Embedding {
    /// Takes a vector after checking it.
    ///
    /// # Errors
    /// When it is empty, too long, or holds a NaN or an infinity.
    pub fn new(values: impl Into<Arc<[f32]>>) -> Result<Self, InvalidEmbedding> {
        let values = values.into();
        if values.is_empty() {
            return Err(InvalidEmbedding::Empty);
        }
        if values.len() > MAX_DIMENSIONS {
            return Err(InvalidEmbedding::TooManyDimensions(values.len()));
        }
        if !all_finite(&values) {
            let index = values.iter().position(|v| !v.is_finite()).unwrap_or(0);
            return Err(InvalidEmbedding::NotFinite(index));
        }
        Ok(Self(values))
    }

    /// The number of dimensions, 1 to [`MAX_DIMENSIONS`].
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.0.len()
    }

    /// The values.
    #[must_use]
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// A copy of the values.
    #[must_use]
    pub fn to_vec(&self) -> Vec<f32> {
        self.0.to_vec()
    }

    /// Cosine similarity, from -1 to 1; `None` when the dimensions differ or a vector is all
    /// zeros.
    #[must_use]
    pub fn cosine_similarity(&self, other: &Self) -> Option<f64> {
        if self.dimensions() != other.dimensions() {
            return None;
        }
        let (mut dot, mut a2, mut b2) = (0.0f64, 0.0f64, 0.0f64);
        for (&a, &b) in self.0.iter().zip(other.0.iter()) {
            let (a, b) = (f64::from(a), f64::from(b));
            dot += a * b;
            a2 += a * a;
            b2 += b * b;
        }
        let norm = (a2 * b2).sqrt();
        (norm > 0.0).then(|| (dot / norm).clamp(-1.0, 1.0))
    }
}

/// Without early exit, so that the compiler vectorises it.
fn all_finite(values: &[f32]) -> bool {
    const EXPONENT: u32 = 0x7f80_0000;
    values.iter().fold(true, |ok, v| ok & (v.to_bits() & EXPONENT != EXPONENT))
}

impl Deref for Embedding {
    type Target = [f32];
    fn deref(&self) -> &[f32] {
        &self.0
    }
}

impl AsRef<[f32]> for Embedding {
    fn as_ref(&self) -> &[f32] {
        &self.0
    }
}

impl TryFrom<Vec<f32>> for Embedding {
    type Error = InvalidEmbedding;
    fn try_from(values: Vec<f32>) -> Result<Self, InvalidEmbedding> {
        Self::new(values)
    }
}

impl TryFrom<&[f32]> for Embedding {
    type Error = InvalidEmbedding;
    fn try_from(values: &[f32]) -> Result<Self, InvalidEmbedding> {
        Self::new(values)
    }
}

impl From<Embedding> for Vec<f32> {
    fn from(embedding: Embedding) -> Self {
        embedding.to_vec()
    }
}

impl fmt::Debug for Embedding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Embedding").field("dimensions", &self.dimensions()).finish_non_exhaustive()
    }
}

/// Why a vector was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidEmbedding {
    /// No values at all.
    #[error("the vector is empty")]
    Empty,
    /// More than [`MAX_DIMENSIONS`] values.
    #[error("the vector has {0} dimensions, at most {MAX_DIMENSIONS} are accepted")]
    TooManyDimensions(usize),
    /// A NaN or an infinity at this position.
    #[error("the vector holds a number that is not finite at position {0}")]
    NotFinite(usize),
}

/// What is an [`Embedding`] already cannot be refused.
impl From<std::convert::Infallible> for InvalidEmbedding {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_a_vector() {
        assert_eq!(Embedding::new(vec![]), Err(InvalidEmbedding::Empty));
        assert_eq!(Embedding::new(vec![0.0, f32::NAN]), Err(InvalidEmbedding::NotFinite(1)));
        assert_eq!(Embedding::new(vec![f32::INFINITY]), Err(InvalidEmbedding::NotFinite(0)));
        assert_eq!(
            Embedding::new(vec![0.0; MAX_DIMENSIONS + 1]),
            Err(InvalidEmbedding::TooManyDimensions(MAX_DIMENSIONS + 1))
        );
        assert!(Embedding::new(vec![-0.0, f32::MIN_POSITIVE, f32::MAX, 1e-45]).is_ok());
    }

    #[test]
    fn debug_shows_no_values() {
        let e = Embedding::new(vec![0.125, 0.5]).unwrap();
        assert_eq!(format!("{e:?}"), "Embedding { dimensions: 2, .. }");
    }

    #[test]
    fn similarity_is_a_cosine() {
        let a = Embedding::new(vec![1.0, 0.0]).unwrap();
        let b = Embedding::new(vec![2.0, 2.0]).unwrap();
        assert!((a.cosine_similarity(&b).unwrap() - 0.5f64.sqrt()).abs() < 1e-12);
        assert_eq!(a.cosine_similarity(&Embedding::new(vec![1.0]).unwrap()), None);
        assert_eq!(a.cosine_similarity(&Embedding::new(vec![0.0, 0.0]).unwrap()), None);
    }
}
