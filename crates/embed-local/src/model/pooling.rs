//! From a vector per token to one per text.

use std::fmt;

/// How the vectors of a text's tokens become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pooling {
    /// Their mean, the tokens that mark beginning and end included.
    Mean,
    /// The vector of the first token.
    Cls,
    /// The largest value in every dimension.
    Max,
}

impl fmt::Display for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mean => "mean",
            Self::Cls => "cls",
            Self::Max => "max",
        })
    }
}

impl Pooling {
    /// Pools `tokens`, one row of `dimensions` values for each; there is at least one.
    pub(super) fn pool(self, tokens: &[f32], dimensions: usize) -> Vec<f32> {
        let mut rows = tokens.chunks_exact(dimensions);
        let mut pooled = rows.next().map_or_else(|| vec![0.0; dimensions], <[f32]>::to_vec);
        match self {
            Self::Cls => {}
            Self::Mean => {
                let count = 1 + rows.len();
                rows.for_each(|row| fold(&mut pooled, row, |sum, value| sum + value));
                pooled.iter_mut().for_each(|value| *value /= count as f32);
            }
            Self::Max => rows.for_each(|row| fold(&mut pooled, row, f32::max)),
        }
        pooled
    }
}

fn fold(into: &mut [f32], row: &[f32], with: impl Fn(f32, f32) -> f32) {
    for (value, other) in into.iter_mut().zip(row) {
        *value = with(*value, *other);
    }
}

/// Scales to length one; a vector of zeros stays as it is.
pub(super) fn normalize(values: &mut [f32]) {
    let norm = values.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
    if norm > 0.0 {
        for value in values {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "to the nearest f32 is what is meant"
            )]
            let scaled = (f64::from(*value) / norm) as f32;
            *value = scaled;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools() {
        let tokens = [1.0, 5.0, 3.0, -1.0, 5.0, 2.0];
        assert_eq!(Pooling::Mean.pool(&tokens, 2), [3.0, 2.0]);
        assert_eq!(Pooling::Cls.pool(&tokens, 2), [1.0, 5.0]);
        assert_eq!(Pooling::Max.pool(&tokens, 2), [5.0, 5.0]);
        assert_eq!(Pooling::Mean.pool(&[], 2), [0.0, 0.0]);
    }

    #[test]
    fn normalizes() {
        let mut values = [3.0, 4.0];
        normalize(&mut values);
        assert_eq!(values, [0.6, 0.8]);
        let mut zeros = [0.0; 3];
        normalize(&mut zeros);
        assert_eq!(zeros, [0.0; 3]);
    }
}
