//! Vectors that are half-precision numbers times one scale.
//!
//! Services compute in half precision, normalise in single precision and send the result as
//! 32-bit floats: of OpenAI's vectors every one observed is, bit by bit, a vector of halves
//! divided by one float. The halves and the scale can be found again ([`Grid::find`]), and then 15
//! or 16 bits per value hold all there is to know.

mod fit;
mod grid15;
mod grid16;
mod sieve;

pub(super) use grid15::{
    decode as decode15, encode as encode15, len as len15, min_len as min_len15,
};
pub(super) use grid16::{decode as decode16, encode as encode16, len as len16};

use std::ops::RangeInclusive;

use super::half::narrow;
use sieve::Sieve;

/// The largest magnitude of a vector that is searched. Far from what any model gives; within it,
/// nothing overflows or underflows on the way.
const PEAKS: RangeInclusive<f32> = 1e-20..=1e6;

/// The largest half is at least 32768, so the scale is at most this.
const MAX_SCALE: f64 = 32.0;

/// A vector taken apart: value `i` is `halves[i] · scale`, computed in f64 and rounded to f32.
pub(super) struct Grid {
    halves: Vec<u16>,
    scale: f64,
}

impl Grid {
    /// Takes a vector apart, if it is of this kind. A caller that depends on exactness still has
    /// to decode and compare: values too small for a half next to the largest are not seen here.
    #[inline(always)]
    pub(super) fn find(values: &[f32]) -> Option<Self> {
        let peaks = peaks(values);
        let largest = peaks.iter().copied().fold(0.0, f32::max);
        if largest == 0.0 {
            return Some(Self::with_scale(values, 1.0));
        }
        if !PEAKS.contains(&largest) {
            return None;
        }
        let mut sieve = Sieve::new(largest, &peaks);
        while let Some(mantissa) = sieve.next_fit() {
            match fit::scale(values, largest, mantissa) {
                Ok(scale) => return Some(Self::with_scale(values, scale)),
                Err(refuted_by) => sieve.add_probe(values[refuted_by].abs())?,
            }
        }
        None
    }

    #[inline(always)]
    fn with_scale(values: &[f32], scale: f64) -> Self {
        let inverse = fit::inverse(scale);
        let mut halves = vec![0; values.len()];
        for (half, value) in halves.iter_mut().zip(values) {
            *half = narrow(value * inverse);
        }
        Self { halves, scale }
    }
}

/// The largest magnitude in each quarter of the vector.
#[inline(always)]
fn peaks(values: &[f32]) -> [f32; 4] {
    let mut peaks = [0.0; 4];
    for (peak, quarter) in peaks.iter_mut().zip(values.chunks(values.len().div_ceil(4))) {
        *peak = peak_of(quarter);
    }
    peaks
}

#[inline(always)]
fn peak_of(values: &[f32]) -> f32 {
    let (chunks, rest) = values.as_chunks::<16>();
    let mut lanes = [0.0f32; 16];
    for chunk in chunks {
        for (lane, v) in lanes.iter_mut().zip(chunk) {
            *lane = if v.abs() > *lane { v.abs() } else { *lane };
        }
    }
    lanes.iter().chain(rest).fold(0.0, |peak: f32, v| peak.max(v.abs()))
}

/// What turns halves back into values.
#[derive(Clone, Copy)]
struct Scaler(f64);

impl Scaler {
    /// `None` for a scale that no encoder writes.
    fn new(scale: f64) -> Option<Self> {
        // 2^1008: between the exponent biases of a double (1023) and a half (15).
        const REBIAS: f64 = f64::from_bits((1023 + 1008) << 52);
        (0.0..=MAX_SCALE).contains(&scale).then_some(Self(scale * REBIAS))
    }

    /// `half · scale`. The half must be finite.
    #[inline(always)]
    fn value(self, half: u16) -> f32 {
        // The half's bits, moved to where a double has them, are the half times 2^-1008: the scale
        // makes up for that. Nothing is converted, which takes the fewest steps per vector register.
        const SIGN_AND_MAGNITUDE: u32 = 0x8000_0000 | 0x7fff << 10;
        let high = (u32::from(half) << 16).cast_signed() >> 6;
        let double = u64::from(high.cast_unsigned() & SIGN_AND_MAGNITUDE) << 32;
        #[allow(clippy::cast_possible_truncation, reason = "the one rounding of the format")]
        let value = (f64::from_bits(double) * self.0) as f32;
        value
    }
}

#[cfg(test)]
mod tests;
