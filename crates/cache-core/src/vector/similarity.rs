//! How near two vectors are, in one unit.

use std::cmp::Ordering;

/// Cosine similarity: 1 for the same direction, 0 for none in common, -1 for opposite ones.
/// Greater is nearer. Never NaN, and never -0: equal similarities have the same bits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Similarity(f32);

impl Similarity {
    /// The same direction.
    pub const SAME: Self = Self(1.0);
    /// The opposite direction: what every vector has at least.
    pub const OPPOSITE: Self = Self(-1.0);

    /// # Errors
    /// When it is not a number from -1 to 1.
    pub fn new(cosine: f32) -> Result<Self, InvalidSimilarity> {
        if (-1.0..=1.0).contains(&cosine) { Ok(Self(cosine + 0.0)) } else { Err(InvalidSimilarity) }
    }

    /// What a computation gave, which may be beyond the ends by a rounding; NaN counts as -1.
    #[must_use]
    pub fn rounded(cosine: f32) -> Self {
        if cosine.is_nan() { Self::OPPOSITE } else { Self(cosine.clamp(-1.0, 1.0) + 0.0) }
    }

    /// The cosine, from -1 to 1.
    #[must_use]
    pub fn get(self) -> f32 {
        self.0
    }

    /// As a distance.
    #[must_use]
    pub fn distance(self) -> Distance {
        Distance(1.0 - self.0)
    }
}

impl Eq for Similarity {}

impl Ord for Similarity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Similarity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Cosine distance, what many stores count in: 1 minus the similarity, from 0 for the same
/// direction to 2 for opposite ones. Smaller is nearer.
///
/// It is a type of its own, so that a distance is never taken for a similarity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distance(f32);

impl Distance {
    /// # Errors
    /// When it is not a number from 0 to 2.
    pub fn new(distance: f32) -> Result<Self, InvalidSimilarity> {
        if (0.0..=2.0).contains(&distance) {
            Ok(Self(distance + 0.0))
        } else {
            Err(InvalidSimilarity)
        }
    }

    /// The distance, from 0 to 2.
    #[must_use]
    pub fn get(self) -> f32 {
        self.0
    }

    /// As a similarity.
    #[must_use]
    pub fn similarity(self) -> Similarity {
        Similarity::rounded(1.0 - self.0)
    }
}

impl Eq for Distance {}

impl Ord for Distance {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Distance {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The number is no similarity, or no distance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cosine similarity is a number from -1 to 1, a cosine distance one from 0 to 2")]
#[non_exhaustive]
pub struct InvalidSimilarity;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_cosines_are_similarities() {
        for wrong in [f32::NAN, f32::INFINITY, 1.000_1, -1.000_1] {
            assert_eq!(Similarity::new(wrong), Err(InvalidSimilarity), "{wrong}");
        }
        for wrong in [f32::NAN, -0.1, 2.1] {
            assert_eq!(Distance::new(wrong), Err(InvalidSimilarity), "{wrong}");
        }
        assert_eq!(Similarity::new(-0.0).unwrap().get().to_bits(), 0);
        assert_eq!(Similarity::rounded(1.000_000_1), Similarity::SAME);
        assert_eq!(Similarity::rounded(f32::NAN), Similarity::OPPOSITE);
    }

    #[test]
    fn near_is_a_great_similarity_and_a_small_distance() {
        let near = Similarity::new(0.75).unwrap();
        let far = Similarity::new(-0.5).unwrap();
        assert!(near > far && near.distance() < far.distance());
        assert_eq!(near.distance().get(), 0.25);
        assert_eq!(far.distance().similarity(), far);
    }
}
