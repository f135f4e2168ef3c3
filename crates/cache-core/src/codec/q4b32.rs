//! Codec 6: 4-bit integers in blocks of 32, each under its own scale.
//!
//! A block of `n` values (32, the last one perhaps fewer) is a scale as half, then ⌈n/2⌉ bytes:
//! byte `l` holds value `l` in its low half and value `⌈n/2⌉ + l` in its high half. A value is
//! (nibble - 8) · scale.

use super::FrameError;
use super::frame::new_frame;
use super::half::{EXPONENT, OVERFLOW, narrow, widen};

const BLOCK: usize = 32;
const BLOCK_BYTES: usize = 2 + BLOCK / 2;

/// Bytes of the body.
pub(super) fn len(dims: usize) -> usize {
    dims.div_ceil(BLOCK) * 2 + dims.div_ceil(2)
}

/// `None` when a block's scale is too large for a half.
#[inline(always)]
pub(super) fn encode(values: &[f32]) -> Option<Vec<u8>> {
    let mut frame = new_frame(len(values.len()));
    let (blocks, rest) = values.as_chunks::<BLOCK>();
    for block in blocks {
        encode_block(block, &mut frame)?;
    }
    if !rest.is_empty() {
        encode_block(rest, &mut frame)?;
    }
    Some(frame)
}

#[inline(always)]
fn encode_block(block: &[f32], frame: &mut Vec<u8>) -> Option<()> {
    let scale = narrow(scale_of(block)?);
    frame.extend_from_slice(&scale.to_le_bytes());
    let scale = widen(scale);
    let inverse = if scale == 0.0 { 0.0 } else { 1.0 / scale };
    let (low, high) = block.split_at(block.len().div_ceil(2));
    let mut bytes = [0; BLOCK / 2];
    for (byte, v) in bytes.iter_mut().zip(low) {
        *byte = nibble(v * inverse);
    }
    for (byte, v) in bytes.iter_mut().zip(high) {
        *byte |= nibble(v * inverse) << 4;
    }
    frame.extend_from_slice(&bytes[..low.len()]);
    Some(())
}

/// The largest value becomes -8, the end of the range that reaches furthest.
#[inline(always)]
fn scale_of(block: &[f32]) -> Option<f32> {
    let most = block.iter().fold(0.0, |most, &v| if v > most { v } else { most });
    let least = block.iter().fold(0.0, |least, &v| if v < least { v } else { least });
    let scale: f32 = if most > -least { most } else { least } / -8.0;
    (scale.abs() < OVERFLOW).then_some(scale)
}

/// The nearest integer, plus 8.
#[allow(clippy::cast_possible_truncation, reason = "the low four bits hold it")]
#[inline(always)]
fn nibble(x: f32) -> u8 {
    // Floats around 1.5 · 2^23 are the integers: the addition rounds.
    (x.clamp(-8.0, 7.0) + 12_582_920.0).to_bits() as u8 & 15
}

#[inline(always)]
pub(super) fn decode(body: &[u8], out: &mut [f32]) -> Result<(), FrameError> {
    if body.len() != len(out.len()) {
        return Err(FrameError::Body);
    }
    let (value_blocks, values) = out.as_chunks_mut::<BLOCK>();
    let (blocks, rest) = body.split_at(BLOCK_BYTES * value_blocks.len());
    let (blocks, _) = blocks.as_chunks::<BLOCK_BYTES>();
    for (values, [s0, s1, bytes @ ..]) in value_blocks.iter_mut().zip(blocks) {
        decode_block([*s0, *s1], bytes, values)?;
    }
    match rest {
        [s0, s1, bytes @ ..] => decode_block([*s0, *s1], bytes, values),
        _ => Ok(()),
    }
}

#[inline(always)]
fn decode_block(scale: [u8; 2], bytes: &[u8], values: &mut [f32]) -> Result<(), FrameError> {
    let scale = u16::from_le_bytes(scale);
    if scale & EXPONENT == EXPONENT {
        return Err(FrameError::Body);
    }
    let scale = widen(scale);
    let value = |nibble: u8| (f32::from(nibble) - 8.0) * scale;
    let (low, high) = values.split_at_mut(bytes.len());
    for (v, byte) in low.iter_mut().zip(bytes) {
        *v = value(byte & 15);
    }
    for (v, byte) in high.iter_mut().zip(bytes) {
        *v = value(byte >> 4);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::frame::HEADER_BYTES;

    #[test]
    fn sixteen_levels_come_back_in_blocks_of_any_size() {
        for dims in [1usize, 2, 15, 31, 32, 33, 47, 64, 65] {
            let level = |i: usize| f32::from(u8::try_from((i * 7 + dims) % 16).unwrap()) - 8.0;
            // Every block needs a -8, so that its scale is exactly 1/4.
            let values: Vec<f32> =
                (0..dims).map(|i| if i % 32 == 0 { -2.0 } else { level(i) / 4.0 }).collect();
            let frame = encode(&values).unwrap();
            assert_eq!(frame.len() - HEADER_BYTES, len(dims));
            let mut out = vec![0.0; dims];
            decode(&frame[HEADER_BYTES..], &mut out).unwrap();
            assert_eq!(out, values, "{dims}");
        }
    }

    #[test]
    fn refuses_scales_that_are_no_numbers_and_wrong_lengths() {
        assert_eq!(encode(&[f32::MAX]), None);
        let frame = encode(&[1.0; 33]).unwrap();
        let mut body = frame[HEADER_BYTES..].to_vec();
        assert_eq!(decode(&body, &mut [0.0; 32]), Err(FrameError::Body));
        assert_eq!(decode(&body[1..], &mut [0.0; 33]), Err(FrameError::Body));
        body[18..20].copy_from_slice(&0x7c00u16.to_le_bytes());
        assert_eq!(decode(&body, &mut [0.0; 33]), Err(FrameError::Body));
    }
}
