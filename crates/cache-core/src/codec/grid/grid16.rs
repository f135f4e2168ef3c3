//! Codec 1: the scale as f64, then every half.

use super::{Grid, Scaler};
use crate::codec::FrameError;
use crate::codec::f16::all_finite;
use crate::codec::frame::new_frame;

/// Bytes of the body.
pub(in crate::codec) fn len(dims: usize) -> usize {
    8 + 2 * dims
}

#[inline(always)]
pub(in crate::codec) fn encode(grid: &Grid) -> Vec<u8> {
    let mut frame = new_frame(len(grid.halves.len()));
    frame.extend_from_slice(&grid.scale.to_le_bytes());
    frame.extend(grid.halves.iter().flat_map(|half| half.to_le_bytes()));
    frame
}

#[inline(always)]
pub(in crate::codec) fn decode(body: &[u8], out: &mut [f32]) -> Result<(), FrameError> {
    let (scale, halves) = body.split_first_chunk::<8>().ok_or(FrameError::Body)?;
    let (halves, []) = halves.as_chunks::<2>() else {
        return Err(FrameError::Body);
    };
    if halves.len() != out.len() || !all_finite(halves) {
        return Err(FrameError::Body);
    }
    let scaler = Scaler::new(f64::from_le_bytes(*scale)).ok_or(FrameError::Body)?;
    for (value, half) in out.iter_mut().zip(halves) {
        *value = scaler.value(u16::from_le_bytes(*half));
    }
    Ok(())
}
