//! Which codec a vector gets, and that it keeps what was promised.

use pulp::{Arch, NullaryFnOnce};

use super::frame::HEADER_BYTES;
use super::grid::{self, Grid};
use super::{Codec, FrameError, VectorPolicy};
use super::{f16, i8o8, q4b32, raw, split};

/// A frame whose header is still to be written.
pub(super) type Selected = (Codec, Vec<u8>);

/// Encodes under the policy. Every codec but the two that only rearrange bits is decoded again
/// here and compared.
///
/// Here and in [`decode`] the best vector instructions of the processor are chosen when the program
/// runs. They reach only what is inlined into the call, hence `inline(always)` on the codecs' loops.
pub(super) fn encode(values: &[f32], policy: VectorPolicy) -> Selected {
    Arch::new().dispatch(Encode(values, policy))
}

struct Encode<'v>(&'v [f32], VectorPolicy);

impl NullaryFnOnce for Encode<'_> {
    type Output = Selected;

    #[inline(always)]
    fn call(self) -> Selected {
        encode_inlined(self.0, self.1)
    }
}

#[inline(always)]
fn encode_inlined(values: &[f32], policy: VectorPolicy) -> Selected {
    match policy {
        VectorPolicy::Lossless => smallest_grid(values).unwrap_or_else(|| off_grid(values)),
        VectorPolicy::Fast => fastest_grid(values).unwrap_or_else(|| plain(values)),
        VectorPolicy::NearLossless => smallest_grid(values)
            .or_else(|| within(policy, values, Codec::F16, f16::encode(values)))
            .unwrap_or_else(|| off_grid(values)),
        VectorPolicy::Compact => within(policy, values, Codec::I8o8, Some(i8o8::encode(values)))
            .unwrap_or_else(|| encode(values, VectorPolicy::NearLossless)),
        VectorPolicy::Tiny => within(policy, values, Codec::Q4b32, q4b32::encode(values))
            .unwrap_or_else(|| encode(values, VectorPolicy::Compact)),
    }
}

#[inline(always)]
fn smallest_grid(values: &[f32]) -> Option<Selected> {
    let grid = find_grid(values)?;
    let selected = if grid::len15(&grid) < grid::len16(values.len()) {
        (Codec::Grid15, grid::encode15(&grid))
    } else {
        (Codec::Grid16, grid::encode16(&grid))
    };
    exact(values, selected)
}

#[inline(always)]
fn fastest_grid(values: &[f32]) -> Option<Selected> {
    let grid = find_grid(values)?;
    exact(values, (Codec::Grid16, grid::encode16(&grid)))
}

/// A grid, for vectors of more than the four values at which it begins to save memory.
#[inline(always)]
fn find_grid(values: &[f32]) -> Option<Grid> {
    let saves = grid::len16(values.len()) < raw::len(values.len());
    if saves { Grid::find(values) } else { None }
}

fn off_grid(values: &[f32]) -> Selected {
    if split::len(values) < raw::len(values.len()) {
        (Codec::Split, split::encode(values))
    } else {
        plain(values)
    }
}

fn plain(values: &[f32]) -> Selected {
    (Codec::F32, raw::encode(values))
}

/// The frame, if it gives back every bit.
#[inline(always)]
fn exact(values: &[f32], (codec, frame): Selected) -> Option<Selected> {
    let decoded = decoded(values, codec, &frame)?;
    let differ = |(a, b): (&f32, &f32)| a.to_bits() ^ b.to_bits();
    let difference = values.iter().zip(&decoded).map(differ).fold(0, |all, bits| all | bits);
    (difference == 0).then_some((codec, frame))
}

/// The frame, if it saves memory and keeps the policy's bound.
#[inline(always)]
fn within(
    policy: VectorPolicy,
    values: &[f32],
    codec: Codec,
    frame: Option<Vec<u8>>,
) -> Option<Selected> {
    let frame = frame.filter(|frame| frame.len() - HEADER_BYTES < raw::len(values.len()))?;
    let decoded = decoded(values, codec, &frame)?;
    let bound = policy.cosine_bound();
    let (error, length) = squared_error(values, &decoded);
    // Not `>`: a NaN is not within any bound. All zeros are kept exactly, or not at all.
    (error <= (1.0 - bound * bound) * length).then_some((codec, frame))
}

#[inline(always)]
fn decoded(values: &[f32], codec: Codec, frame: &[u8]) -> Option<Vec<f32>> {
    let mut out = vec![0.0; values.len()];
    decode_inlined(codec, &frame[HEADER_BYTES..], &mut out).ok()?;
    Some(out)
}

/// The squares of the difference's length and of the first vector's.
#[inline(always)]
fn squared_error(original: &[f32], stored: &[f32]) -> (f64, f64) {
    const LANES: usize = 8;
    let mut error = [0.0f64; LANES];
    let mut length = [0.0f64; LANES];
    for (original, stored) in original.chunks(LANES).zip(stored.chunks(LANES)) {
        let pairs = original.iter().zip(stored);
        for (((&a, &b), e), l) in pairs.zip(&mut error).zip(&mut length) {
            let (a, b) = (f64::from(a), f64::from(b));
            *e += (a - b) * (a - b);
            *l += a * a;
        }
    }
    (error.iter().sum(), length.iter().sum())
}

/// The lengths a body of so many dimensions can have.
pub(super) fn body_fits(codec: Codec, dims: usize, len: usize) -> bool {
    // Dimensions with an exponent out of the ordinary take a byte more each.
    let escapes = |min: usize| (min..=min + dims).contains(&len);
    match codec {
        Codec::F32 => len == raw::len(dims),
        Codec::Grid16 => len == grid::len16(dims),
        Codec::Grid15 => escapes(grid::min_len15(dims)),
        Codec::Split => escapes(split::min_len(dims)),
        Codec::F16 => len == f16::len(dims),
        Codec::I8o8 => len == i8o8::len(dims),
        Codec::Q4b32 => len == q4b32::len(dims),
    }
}

/// Decodes a body into `out`, whose length is the number of dimensions. The values may still be
/// infinite or NaN.
pub(super) fn decode(codec: Codec, body: &[u8], out: &mut [f32]) -> Result<(), FrameError> {
    Arch::new().dispatch(Decode(codec, body, out))
}

struct Decode<'b, 'o>(Codec, &'b [u8], &'o mut [f32]);

impl NullaryFnOnce for Decode<'_, '_> {
    type Output = Result<(), FrameError>;

    #[inline(always)]
    fn call(self) -> Self::Output {
        decode_inlined(self.0, self.1, self.2)
    }
}

#[inline(always)]
fn decode_inlined(codec: Codec, body: &[u8], out: &mut [f32]) -> Result<(), FrameError> {
    match codec {
        Codec::F32 => raw::decode(body, out),
        Codec::Grid16 => grid::decode16(body, out),
        Codec::Grid15 => grid::decode15(body, out),
        Codec::Split => split::decode(body, out),
        Codec::F16 => f16::decode(body, out),
        Codec::I8o8 => i8o8::decode(body, out),
        Codec::Q4b32 => q4b32::decode(body, out),
    }
}
