//! Codec 4: the nearest half-precision numbers.

use super::FrameError;
use super::frame::new_frame;
use super::half::{EXPONENT, OVERFLOW, narrow, widen};

/// Bytes of the body.
pub(super) fn len(dims: usize) -> usize {
    2 * dims
}

/// `None` when a value is too large for a half.
#[inline(always)]
pub(super) fn encode(values: &[f32]) -> Option<Vec<u8>> {
    if !values.iter().fold(true, |fits, v| fits & (v.abs() < OVERFLOW)) {
        return None;
    }
    let mut frame = new_frame(len(values.len()));
    frame.extend(values.iter().flat_map(|&v| narrow(v).to_le_bytes()));
    Some(frame)
}

#[inline(always)]
pub(super) fn decode(body: &[u8], out: &mut [f32]) -> Result<(), FrameError> {
    let (halves, []) = body.as_chunks::<2>() else {
        return Err(FrameError::Body);
    };
    if halves.len() != out.len() || !all_finite(halves) {
        return Err(FrameError::Body);
    }
    for (value, half) in out.iter_mut().zip(halves) {
        *value = widen(u16::from_le_bytes(*half));
    }
    Ok(())
}

/// Whether these halves are numbers. Without early exit, so that it vectorises.
#[inline(always)]
pub(super) fn all_finite(halves: &[[u8; 2]]) -> bool {
    halves.iter().fold(true, |ok, half| ok & (u16::from_le_bytes(*half) & EXPONENT != EXPONENT))
}
