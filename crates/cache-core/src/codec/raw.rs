//! Codec 0: the floats as they are.

use super::FrameError;
use super::frame::new_frame;

/// Bytes of the body.
pub(super) fn len(dims: usize) -> usize {
    4 * dims
}

#[inline(always)]
pub(super) fn encode(values: &[f32]) -> Vec<u8> {
    let mut frame = new_frame(len(values.len()));
    frame.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    frame
}

#[inline(always)]
pub(super) fn decode(body: &[u8], out: &mut [f32]) -> Result<(), FrameError> {
    let (floats, []) = body.as_chunks::<4>() else {
        return Err(FrameError::Body);
    };
    if floats.len() != out.len() {
        return Err(FrameError::Body);
    }
    for (value, float) in out.iter_mut().zip(floats) {
        *value = f32::from_le_bytes(*float);
    }
    Ok(())
}
