//! From features to a vector.

use crate::features::Features;
use crate::hash::{Hash64, sequence};

/// Every feature is added at four places: with one, two features that meet by chance would count
/// as one.
const PLACES: u64 = 4;

/// A vector of length one, and the words of the text.
///
/// Sums are of integers, and what is done to them (square root, division) is exact by the standard
/// of floating point, so that the same text has the same vector on every machine.
pub(crate) fn embed(text: &str, dimensions: usize) -> (Vec<f32>, u64) {
    let features = Features::of(text);
    let mut sums = vec![0i64; dimensions];
    for (feature, weight) in features.weighted() {
        for place in 0..PLACES {
            let random = sequence(feature, place);
            let signed = if random & 1 == 0 { weight } else { -weight };
            sums[scale(random, dimensions)] += signed;
        }
    }
    if sums.iter().all(|sum| *sum == 0) {
        sums = noise(text, dimensions);
    }
    (unit(&sums), features.words())
}

/// For texts without words: a vector that only this text has.
fn noise(text: &str, dimensions: usize) -> Vec<i64> {
    let seed = text.bytes().fold(Hash64::new(2), |hash, byte| hash.with(u64::from(byte))).finish();
    // 16 random bits around zero, never zero.
    let value = |random: u64| i64::try_from(random >> 48).unwrap_or(0) * 2 - 0xffff;
    (0u64..).map(|step| value(sequence(seed, step))).take(dimensions).collect()
}

/// A number below `count` of the upper bits of a random one.
fn scale(random: u64, count: usize) -> usize {
    let scaled = (u128::from(random) * count as u128) >> 64;
    usize::try_from(scaled).unwrap_or(0)
}

fn unit(sums: &[i64]) -> Vec<f32> {
    let values = sums.iter().map(|sum| *sum as f64);
    let norm = values.clone().map(|value| value * value).sum::<f64>().sqrt();
    // The nearest float; the loss is what a float32 vector is.
    #[allow(clippy::cast_possible_truncation)]
    values.map(|value| (value / norm) as f32).collect()
}
