//! Codec 2: the scale as f64, then the halves taken apart into planes.
//!
//! A half has one sign bit, five exponent bits and ten mantissa bits. With the largest half in the
//! top binade nearly all exponents are among the upper fifteen, so four bits do: the exponent less
//! 15, or zero for a lower one, which is then spelled out at the end of the body.
//!
//! With `w = ⌈dims/8⌉`, value `i` is in lane `i mod w` of section `i / w`:
//!
//! | plane | bytes | of the value in section `s`, lane `l` |
//! |---|---|---|
//! | low | dims | byte `s·w + l`: the mantissa's low byte |
//! | exponent | 4 `w` | byte `(s/2)·w + l`, bits from `4·(s mod 2)` |
//! | mantissa | 2 `w` | byte `(s/4)·w + l`, bits from `2·(s mod 4)`: the mantissa's high bits |
//! | sign | `w` | byte `l`, bit `s` |
//! | escapes | one each | the exponents that are zero above, in the order of that plane |
#![allow(clippy::cast_possible_truncation, reason = "bits are taken apart")]

use std::array;

use super::{Grid, Scaler};
use crate::codec::FrameError;
use crate::codec::count::count;
use crate::codec::frame::new_frame;
use crate::codec::half::EXPONENT;
use crate::codec::nibbles::for_each_zero;

/// What the stored nibble lacks to the exponent.
const BASE: u8 = 15;

/// Bytes of the body for this vector.
#[inline(always)]
pub(in crate::codec) fn len(grid: &Grid) -> usize {
    let escapes = count(&grid.halves, |half| half & EXPONENT <= u16::from(BASE) << 10);
    min_len(grid.halves.len()) + escapes
}

/// Bytes of the body without escapes; there are at most `dims` of those.
pub(in crate::codec) fn min_len(dims: usize) -> usize {
    8 + dims + 7 * dims.div_ceil(8)
}

#[inline(always)]
pub(in crate::codec) fn encode(grid: &Grid) -> Vec<u8> {
    let dims = grid.halves.len();
    let lanes = dims.div_ceil(8);
    let mut frame = new_frame(len(grid));
    frame.extend_from_slice(&grid.scale.to_le_bytes());
    frame.extend(grid.halves.iter().map(|&half| half as u8));

    let mut high = vec![0; 8 * lanes];
    for (high, half) in high.iter_mut().zip(&grid.halves) {
        *high = (half >> 8) as u8;
    }
    let mut planes = vec![0; 7 * lanes];
    let (exponents, rest) = planes.split_at_mut(4 * lanes);
    let (mantissas, signs) = rest.split_at_mut(2 * lanes);
    for (section, high) in high.chunks(lanes).enumerate() {
        let exponents = &mut exponents[section / 2 * lanes..];
        let mantissas = &mut mantissas[section / 4 * lanes..];
        for (((high, e), m), s) in high.iter().zip(exponents).zip(mantissas).zip(&mut *signs) {
            *e |= exponent(*high).saturating_sub(BASE) << (4 * (section % 2));
            *m |= (high & 3) << (2 * (section % 4));
            *s |= (high >> 7) << section;
        }
    }
    frame.extend_from_slice(&planes);
    for_each_zero(&planes[..4 * lanes], lanes, dims, |i| {
        frame.push(exponent(high[i]));
    });
    frame
}

/// A half's exponent, from its high byte.
#[inline]
fn exponent(high: u8) -> u8 {
    high >> 2 & 31
}

#[inline(always)]
pub(in crate::codec) fn decode(body: &[u8], out: &mut [f32]) -> Result<(), FrameError> {
    let planes = Planes::of(body, out.len()).ok_or(FrameError::Body)?;
    planes.decode_section::<0>(out);
    planes.decode_section::<1>(out);
    planes.decode_section::<2>(out);
    planes.decode_section::<3>(out);
    planes.decode_section::<4>(out);
    planes.decode_section::<5>(out);
    planes.decode_section::<6>(out);
    planes.decode_section::<7>(out);
    planes.decode_escapes(out)
}

/// Values decoded in one go; a constant, so that the loops need no bounds.
const CHUNK: usize = 64;

/// A half's high byte, from the bytes that hold its exponent, mantissa and sign.
#[inline(always)]
fn high_byte<const SECTION: usize>(exponents: u8, mantissas: u8, signs: u8) -> u8 {
    let exponent = ((exponents >> (4 * (SECTION % 2))) & 15) + BASE;
    let mantissa = (mantissas >> (2 * (SECTION % 4))) & 3;
    (signs >> SECTION) << 7 | exponent << 2 | mantissa
}

struct Planes<'a> {
    scaler: Scaler,
    lanes: usize,
    low: &'a [u8],
    exponents: &'a [u8],
    mantissas: &'a [u8],
    signs: &'a [u8],
    escapes: &'a [u8],
}

impl<'a> Planes<'a> {
    fn of(body: &'a [u8], dims: usize) -> Option<Self> {
        let lanes = dims.div_ceil(8);
        let (scale, rest) = body.split_first_chunk::<8>()?;
        let (low, rest) = rest.split_at_checked(dims)?;
        let (exponents, rest) = rest.split_at_checked(4 * lanes)?;
        let (mantissas, rest) = rest.split_at_checked(2 * lanes)?;
        let (signs, escapes) = rest.split_at_checked(lanes)?;
        let scaler = Scaler::new(f64::from_le_bytes(*scale))?;
        Some(Self { scaler, lanes, low, exponents, mantissas, signs, escapes })
    }

    /// Every value of a section, those with an escaped exponent wrongly.
    #[inline(always)]
    fn decode_section<const SECTION: usize>(&self, out: &mut [f32]) {
        let start = (SECTION * self.lanes).min(out.len());
        let end = (start + self.lanes).min(out.len());
        let (chunks, values) = out[start..end].as_chunks_mut::<CHUNK>();
        let (low_chunks, low) = self.low[start..end].as_chunks::<CHUNK>();
        let (exponent_chunks, exponents) =
            self.exponents[SECTION / 2 * self.lanes..][..end - start].as_chunks::<CHUNK>();
        let (mantissa_chunks, mantissas) =
            self.mantissas[SECTION / 4 * self.lanes..][..end - start].as_chunks::<CHUNK>();
        let (sign_chunks, signs) = self.signs[..end - start].as_chunks::<CHUNK>();

        let planes = low_chunks.iter().zip(exponent_chunks).zip(mantissa_chunks).zip(sign_chunks);
        for (values, (((low, exponents), mantissas), signs)) in chunks.iter_mut().zip(planes) {
            // First the high bytes alone: sixteen go into a vector register, of floats only four.
            let high: [u8; CHUNK] =
                array::from_fn(|i| high_byte::<SECTION>(exponents[i], mantissas[i], signs[i]));
            for ((value, &low), high) in values.iter_mut().zip(low).zip(high) {
                *value = self.scaler.value(u16::from_le_bytes([low, high]));
            }
        }
        let planes = low.iter().zip(exponents).zip(mantissas).zip(signs);
        for (value, (((&low, &exponent), &mantissa), &sign)) in values.iter_mut().zip(planes) {
            let high = high_byte::<SECTION>(exponent, mantissa, sign);
            *value = self.scaler.value(u16::from_le_bytes([low, high]));
        }
    }

    fn decode_escapes(&self, out: &mut [f32]) -> Result<(), FrameError> {
        let mut escapes = self.escapes.iter();
        let mut sound = true;
        for_each_zero(self.exponents, self.lanes, self.low.len(), |i| match escapes.next() {
            Some(&exponent) if exponent <= BASE => out[i] = self.value(i, exponent),
            _ => sound = false,
        });
        if sound && escapes.next().is_none() { Ok(()) } else { Err(FrameError::Body) }
    }

    fn value(&self, index: usize, exponent: u8) -> f32 {
        let (section, lane) = (index / self.lanes, index % self.lanes);
        let mantissa = self.mantissas[section / 4 * self.lanes + lane] >> (2 * (section % 4));
        let sign = self.signs[lane] >> section;
        let high = sign << 7 | exponent << 2 | mantissa & 3;
        self.scaler.value(u16::from_le_bytes([self.low[index], high]))
    }
}
