//! Which one scale gives back every value?
#![allow(clippy::cast_possible_truncation, reason = "rounding to f32 is what the format does")]

/// The exponent given to the largest half: the highest there is, so that the smallest values fit.
const TOP: f64 = 32.0;

/// Each refutation about halves the scales left, and there are some 2^30 of them at first.
const MAX_ATTEMPTS: usize = 64;

/// The scale with which halves give back all `values`, if the half of the `largest` magnitude is
/// `mantissa · 32`. Otherwise the index of a value that no such scale gives.
///
/// A value's half is known once the scale is known to a few digits, and each value then admits an
/// interval of scales. Rather than intersect all of those, this tries one scale and lets the first
/// value that comes out wrong narrow the choice: nearly always the first or second scale is right.
#[inline(always)]
pub(super) fn scale(values: &[f32], largest: f32, mantissa: u32) -> Result<f64, usize> {
    let (mut low, mut high) = admissible(largest, f64::from(mantissa) * TOP);
    let mut refuted_by = 0;
    for _ in 0..MAX_ATTEMPTS {
        let scale = choose(low, high);
        let Some(wrong) = first_wrong(values, scale) else {
            return Ok(scale);
        };
        refuted_by = wrong;
        let magnitude = values[wrong].abs();
        let half = f64::from(round(magnitude * inverse(scale)));
        let (l, h) = admissible(magnitude, half);
        (low, high) = (low.max(l), high.min(h));
        if low > high {
            break;
        }
    }
    Err(refuted_by)
}

/// What to multiply values by to get their halves.
pub(super) fn inverse(scale: f64) -> f32 {
    (1.0 / scale) as f32
}

/// The scales between which `half` gives exactly `magnitude`.
fn admissible(magnitude: f32, half: f64) -> (f64, f64) {
    let value = f64::from(magnitude);
    let below = f64::from(magnitude.next_down());
    let above = f64::from(magnitude.next_up());
    ((value + below) / 2.0 / half, (value + above) / 2.0 / half)
}

/// The scale to try: the inverse of a float, as services divide by a float; else the middle.
///
/// With the right float `n`, `half · (1/n)` always rounds to the same float as `half / n`: a
/// quotient of an 11-bit and a 24-bit number is at least 2^-49 (relative) away from any number
/// half-way between two floats, and the two roundings in f64 are off by less than 2^-51.
fn choose(low: f64, high: f64) -> f64 {
    let middle = low + (high - low) / 2.0;
    let scale = 1.0 / f64::from((1.0 / middle) as f32);
    if (low..=high).contains(&scale) { scale } else { middle }
}

/// The first value that is not a half times the scale.
#[inline(always)]
fn first_wrong(values: &[f32], scale: f64) -> Option<usize> {
    const CHUNK: usize = 64;
    let inverse = inverse(scale);
    let wrong = |v: &f32| {
        let back = (f64::from(round(v * inverse)) * scale) as f32;
        back.to_bits() ^ v.to_bits()
    };
    let (chunks, rest) = values.as_chunks::<CHUNK>();
    let bad_chunk = chunks
        .iter()
        .position(|chunk| chunk.iter().map(wrong).fold(0, |any, w| any | w) != 0)
        .unwrap_or(chunks.len());
    let start = bad_chunk * CHUNK;
    let suspects = chunks.get(bad_chunk).map_or(rest, |chunk| chunk);
    suspects.iter().position(|v| wrong(v) != 0).map(|at| start + at)
}

/// To 11 significant bits.
#[inline(always)]
fn round(x: f32) -> f32 {
    f32::from_bits(x.to_bits().wrapping_add(0x1000) & !0x1fff)
}
