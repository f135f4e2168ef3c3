//! Codec 3: floats with their exponents packed.
//!
//! Mantissas and signs of an arbitrary vector are noise, but its exponents are few: four bits say
//! which of the fifteen binades from the largest downwards, or zero for a lower one, which is
//! then spelled out at the end of the body.
//!
//! | bytes | content |
//! |---|---|
//! | 1 | the base, at most 239: what the nibbles lack to the exponents |
//! | 2 `dims` | the low 16 bits of every mantissa |
//! | dims | the high 7 bits, and above them the sign |
//! | ⌈dims/2⌉ | `w` nibbles of exponents in the low halves, the rest in the high ones, `w = ⌈dims/2⌉` |
//! | one each | the exponents that are zero above, in the order of that plane |
#![allow(clippy::cast_possible_truncation, reason = "bits are taken apart")]

use super::FrameError;
use super::count::count;
use super::frame::new_frame;
use super::nibbles::for_each_zero;

/// Nibbles go up to 15, and 254 is the exponent of the largest floats.
const MAX_BASE: u8 = 254 - 15;

/// Bytes of the body without escapes; there are at most `dims` of those.
pub(super) fn min_len(dims: usize) -> usize {
    1 + 3 * dims + dims.div_ceil(2)
}

/// Bytes of the body for this vector.
pub(super) fn len(values: &[f32]) -> usize {
    len_with(values, base(values))
}

fn len_with(values: &[f32], base: u8) -> usize {
    min_len(values.len()) + count(values, |v| exponent(v) <= base)
}

#[inline(always)]
fn base(values: &[f32]) -> u8 {
    let largest = values.iter().fold(0, |max, v| (v.to_bits() & 0x7fff_ffff).max(max));
    exponent(f32::from_bits(largest)).saturating_sub(15)
}

#[inline]
fn exponent(value: f32) -> u8 {
    (value.to_bits() >> 23) as u8
}

#[inline(always)]
pub(super) fn encode(values: &[f32]) -> Vec<u8> {
    let base = base(values);
    let lanes = values.len().div_ceil(2);
    let mut frame = new_frame(len_with(values, base));
    frame.push(base);
    frame.extend(values.iter().flat_map(|v| (v.to_bits() as u16).to_le_bytes()));
    frame.extend(values.iter().map(|v| {
        let bits = v.to_bits();
        (bits >> 24) as u8 & 0x80 | (bits >> 16) as u8 & 0x7f
    }));

    let nibble = |v: &f32| exponent(*v).saturating_sub(base);
    let (first, second) = values.split_at(lanes);
    let mut exponents: Vec<u8> = first.iter().map(nibble).collect();
    for (pair, v) in exponents.iter_mut().zip(second) {
        *pair |= nibble(v) << 4;
    }
    frame.extend_from_slice(&exponents);
    for_each_zero(&exponents, lanes, values.len(), |i| {
        frame.push(exponent(values[i]));
    });
    frame
}

#[inline(always)]
pub(super) fn decode(body: &[u8], out: &mut [f32]) -> Result<(), FrameError> {
    let planes = Planes::of(body, out.len()).ok_or(FrameError::Body)?;
    let (first, second) = out.split_at_mut(planes.exponents.len());
    planes.decode_section(0, 0, first);
    planes.decode_section(first.len(), 4, second);
    planes.decode_escapes(out)
}

struct Planes<'a> {
    base: u8,
    low: &'a [[u8; 2]],
    high: &'a [u8],
    exponents: &'a [u8],
    escapes: &'a [u8],
}

impl<'a> Planes<'a> {
    fn of(body: &'a [u8], dims: usize) -> Option<Self> {
        let (&base, rest) = body.split_first()?;
        let (low, rest) = rest.split_at_checked(2 * dims)?;
        let (high, rest) = rest.split_at_checked(dims)?;
        let (exponents, escapes) = rest.split_at_checked(dims.div_ceil(2))?;
        let (low, _) = low.as_chunks();
        (base <= MAX_BASE).then_some(Self { base, low, high, exponents, escapes })
    }

    /// The values from `start` on, those with an escaped exponent wrongly.
    #[inline(always)]
    fn decode_section(&self, start: usize, shift: u32, out: &mut [f32]) {
        let bits = self.low[start..].iter().zip(&self.high[start..]).zip(self.exponents);
        for (value, ((low, high), exponent)) in out.iter_mut().zip(bits) {
            *value = assemble(*low, *high, ((exponent >> shift) & 15) + self.base);
        }
    }

    fn decode_escapes(&self, out: &mut [f32]) -> Result<(), FrameError> {
        let mut escapes = self.escapes.iter();
        let mut sound = true;
        for_each_zero(self.exponents, self.exponents.len(), out.len(), |i| match escapes.next() {
            Some(&exponent) if exponent <= self.base => {
                out[i] = assemble(self.low[i], self.high[i], exponent);
            }
            _ => sound = false,
        });
        if sound && escapes.next().is_none() { Ok(()) } else { Err(FrameError::Body) }
    }
}

#[inline(always)]
fn assemble(low: [u8; 2], high: u8, exponent: u8) -> f32 {
    let (low, high) = (u32::from(u16::from_le_bytes(low)), u32::from(high));
    let sign = (high & 0x80) << 24;
    f32::from_bits(sign | u32::from(exponent) << 23 | (high & 0x7f) << 16 | low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::frame::HEADER_BYTES;

    fn round_trip(values: &[f32]) -> usize {
        let frame = encode(values);
        let body = &frame[HEADER_BYTES..];
        assert_eq!(body.len(), len(values));
        let mut out = vec![0.0; values.len()];
        decode(body, &mut out).unwrap();
        let bits = |v: &[f32]| v.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&out), bits(values));
        body.len()
    }

    #[test]
    fn every_bit_pattern_comes_back() {
        round_trip(&[0.0, -0.0, 1e-45, -1e-45, f32::MAX, f32::MIN, f32::MIN_POSITIVE, 1.0]);
        round_trip(&[-0.0]);
        round_trip(&[1e-45, 1e-38, -1e-40]);
        round_trip(&(0..101).map(|i| 2f32.powi(i - 50) * 1.7).collect::<Vec<_>>());
    }

    #[test]
    fn fifteen_binades_need_no_escape() {
        let binades: Vec<f32> = (0..15).map(|i| -1.5 * 2f32.powi(-i)).collect();
        assert_eq!(round_trip(&binades), min_len(15));
        let sixteen: Vec<f32> = (0..16).map(|i| -1.5 * 2f32.powi(-i)).collect();
        assert_eq!(round_trip(&sixteen), min_len(16) + 1);
    }

    #[test]
    fn refuses_what_the_encoder_does_not_write() {
        let values = [1.0, 1e-20, 3.0];
        let body = encode(&values)[HEADER_BYTES..].to_vec();
        let refused = |body: &[u8]| decode(body, &mut [0.0; 3]) == Err(FrameError::Body);
        for cut in 0..body.len() {
            assert!(refused(&body[..cut]), "{cut}");
        }
        assert!(refused(&[&body[..], &[0]].concat()));
        let mut base = body.clone();
        base[0] = MAX_BASE + 1;
        assert!(refused(&base));
        let mut escape = body;
        *escape.last_mut().unwrap() = 128;
        assert!(refused(&escape));
    }
}
