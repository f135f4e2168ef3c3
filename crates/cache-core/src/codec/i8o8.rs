//! Codec 5: 8-bit integers under one scale, and the eight largest values as they are.
//!
//! Models have outlier dimensions (a value of 0.64 among 0.02s); a scale that must reach them
//! leaves the rest a few steps only.
//!
//! | bytes | content |
//! |---|---|
//! | 4 | the scale as f32, finite and not negative |
//! | 6 each | min(8, dims) outliers by ascending index: the index as u16, the value as f32 |
//! | dims | value / scale as i8; 0 for an outlier |

use super::FrameError;
use super::frame::new_frame;

const OUTLIERS: usize = 8;
const OUTLIER_BYTES: usize = 6;

/// Bytes of the body.
pub(super) fn len(dims: usize) -> usize {
    4 + OUTLIER_BYTES * dims.min(OUTLIERS) + dims
}

#[inline(always)]
pub(super) fn encode(values: &[f32]) -> Vec<u8> {
    let (outliers, rest) = outliers(values);
    let scale = rest / 127.0;
    let inverse = if scale > 0.0 { 1.0 / scale } else { 0.0 };
    let mut frame = new_frame(len(values.len()));
    frame.extend_from_slice(&scale.to_le_bytes());
    for &index in &outliers {
        #[allow(clippy::cast_possible_truncation, reason = "MAX_DIMENSIONS is 2^16")]
        frame.extend_from_slice(&(index as u16).to_le_bytes());
        frame.extend_from_slice(&values[index].to_le_bytes());
    }
    let start = frame.len();
    frame.extend(values.iter().map(|v| round(v * inverse)));
    for index in outliers {
        frame[start + index] = 0;
    }
    frame
}

/// The nearest integer as an i8, for what lies between -128 and 127.
#[allow(clippy::cast_possible_truncation, reason = "the low byte holds it")]
#[inline(always)]
fn round(x: f32) -> u8 {
    // Floats around 1.5 · 2^23 are the integers: the addition rounds.
    (x + 12_582_912.0).to_bits() as u8
}

/// The indices of the largest magnitudes, ascending, and the largest magnitude of the others.
#[inline(always)]
fn outliers(values: &[f32]) -> (Vec<usize>, f32) {
    const CHUNK: usize = 32;
    // One more than is kept: the smallest of them is the largest of the others.
    let mut top: Vec<(f32, usize)> = Vec::with_capacity(OUTLIERS + 2);
    let mut least = -1.0;
    for (chunk, values) in values.chunks(CHUNK).enumerate() {
        if values.iter().fold(false, |any, v| any | (v.abs() > least)) {
            for (index, v) in (CHUNK * chunk..).zip(values) {
                if v.abs() > least {
                    top.push((v.abs(), index));
                    top.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
                    top.truncate(OUTLIERS + 1);
                    least = if top.len() > OUTLIERS { top[OUTLIERS].0 } else { -1.0 };
                }
            }
        }
    }
    let mut indices: Vec<usize> = top.iter().take(OUTLIERS).map(|(_, index)| *index).collect();
    indices.sort_unstable();
    (indices, least.max(0.0))
}

#[inline(always)]
pub(super) fn decode(body: &[u8], out: &mut [f32]) -> Result<(), FrameError> {
    if body.len() != len(out.len()) {
        return Err(FrameError::Body);
    }
    let (scale, rest) = body.split_first_chunk::<4>().ok_or(FrameError::Body)?;
    let (outliers, integers) = rest.split_at(OUTLIER_BYTES * out.len().min(OUTLIERS));
    let scale = f32::from_le_bytes(*scale);
    if !scale.is_finite() || scale.is_sign_negative() {
        return Err(FrameError::Body);
    }
    for (value, integer) in out.iter_mut().zip(integers) {
        *value = f32::from(integer.cast_signed()) * scale;
    }
    let mut after = 0;
    for &[i0, i1, v @ ..] in outliers.as_chunks::<OUTLIER_BYTES>().0 {
        let index = usize::from(u16::from_le_bytes([i0, i1]));
        let slot = out.get_mut(index).filter(|_| index >= after).ok_or(FrameError::Body)?;
        *slot = f32::from_le_bytes(v);
        after = index + 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MAX_DIMENSIONS;
    use crate::codec::frame::HEADER_BYTES;

    #[test]
    fn the_largest_are_kept_as_they_are() {
        let mut values: Vec<f32> = (0..200u8).map(|i| f32::from(i % 7) / 1000.0).collect();
        for (i, v) in [(3, 9.1), (31, -8.2), (32, 7.3), (64, -6.4), (100, 5.5), (101, 4.6)] {
            values[i] = v;
        }
        (values[198], values[199]) = (-3.7, 2.8);
        let (indices, rest) = outliers(&values);
        assert_eq!(indices, [3, 31, 32, 64, 100, 101, 198, 199]);
        assert!((rest - 0.006).abs() < 1e-9);
        let frame = encode(&values);
        let mut out = vec![0.0; 200];
        decode(&frame[HEADER_BYTES..], &mut out).unwrap();
        for (i, (v, o)) in values.iter().zip(&out).enumerate() {
            let tolerance = if indices.contains(&i) { 0.0 } else { 3e-5 };
            assert!((v - o).abs() <= tolerance, "{i}: {v} {o}");
        }
    }

    #[test]
    fn the_last_index_there_can_be_is_kept() {
        let mut values = vec![0.01; MAX_DIMENSIONS];
        values[MAX_DIMENSIONS - 1] = 7.7;
        let mut out = vec![0.0; MAX_DIMENSIONS];
        decode(&encode(&values)[HEADER_BYTES..], &mut out).unwrap();
        assert_eq!(out[MAX_DIMENSIONS - 1].to_bits(), 7.7f32.to_bits());
    }

    #[test]
    fn few_values_are_all_kept() {
        for values in [&[1.5][..], &[-0.0, 1e-45, f32::MAX, 1.0, -3.3, 4e-20, 7.0, 8.0]] {
            let mut out = vec![0.0; values.len()];
            decode(&encode(values)[HEADER_BYTES..], &mut out).unwrap();
            assert_eq!(out, values);
        }
    }

    #[test]
    fn refuses_what_the_encoder_does_not_write() {
        let values: Vec<f32> = (0..20u8).map(f32::from).collect();
        let body = encode(&values)[HEADER_BYTES..].to_vec();
        let refused = |at: usize, bytes: &[u8]| {
            let mut body = body.clone();
            body[at..at + bytes.len()].copy_from_slice(bytes);
            decode(&body, &mut [0.0; 20]) == Err(FrameError::Body)
        };
        assert!(!refused(0, &[]));
        assert!(refused(0, &f32::NAN.to_le_bytes()));
        assert!(refused(0, &(-1.0f32).to_le_bytes()));
        assert!(refused(4, &13u16.to_le_bytes()), "an index twice");
        assert!(refused(46, &20u16.to_le_bytes()), "an index out of range");
        assert_eq!(decode(&body[1..], &mut [0.0; 20]), Err(FrameError::Body));
    }
}
