//! Dot products of one vector with many, by the best instructions of the processor.

use pulp::{Arch, Simd, WithSimd};

/// Rows are padded with zeros to a multiple of so many floats: whole registers on any processor.
pub(crate) const LANES: usize = 16;

/// Rows of bytes are padded with zeros to a multiple of so many.
pub(crate) const LANES_OF_BYTES: usize = 32;

/// The dot product of two rows of bytes.
pub(crate) fn dot_of_bytes(a: &[i8], b: &[i8]) -> i32 {
    Arch::new().dispatch(DotOfBytes(a, b))
}

/// The dot products of `query` with the picked rows of a block, in their order. Both are padded;
/// a row has as many floats as the query.
pub(crate) fn dots(query: &[f32], block: &[f32], picked: &[u32], out: &mut Vec<f32>) {
    Arch::new().dispatch(Dots { query, block, picked, out });
}

struct Dots<'d> {
    query: &'d [f32],
    block: &'d [f32],
    picked: &'d [u32],
    out: &'d mut Vec<f32>,
}

impl WithSimd for Dots<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { query, block, picked, out } = self;
        let stride = query.len();
        let (query, _) = S::as_simd_f32s(query);
        out.clear();
        out.resize(picked.len(), 0.0);
        // A loop in this function: a closure that another one runs is compiled without the
        // processor's instructions, and calls a function for each of them.
        for (out, &row) in out.iter_mut().zip(picked) {
            let start = row as usize * stride;
            let (row, _) = S::as_simd_f32s(&block[start..start + stride]);
            *out = dot(simd, query, row);
        }
    }
}

struct DotOfBytes<'d>(&'d [i8], &'d [i8]);

impl WithSimd for DotOfBytes<'_> {
    type Output = i32;

    /// The compiler makes vector instructions of this by itself: for bytes there is nothing portable.
    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> i32 {
        let mut sum = 0;
        for (a, b) in self.0.iter().zip(self.1) {
            sum += i32::from(i16::from(*a) * i16::from(*b));
        }
        sum
    }
}

/// With four sums, so that an addition need not wait for the one before.
#[inline(always)]
fn dot<S: Simd>(simd: S, a: &[S::f32s], b: &[S::f32s]) -> f32 {
    let mut sums = [simd.splat_f32s(0.0); 4];
    let (a_fours, a_rest) = pulp::as_arrays::<4, _>(a);
    let (b_fours, b_rest) = pulp::as_arrays::<4, _>(b);
    for (a, b) in a_fours.iter().zip(b_fours) {
        for i in 0..4 {
            sums[i] = simd.mul_add_e_f32s(a[i], b[i], sums[i]);
        }
    }
    for (&a, &b) in a_rest.iter().zip(b_rest) {
        sums[0] = simd.mul_add_e_f32s(a, b, sums[0]);
    }
    let low = simd.add_f32s(sums[0], sums[1]);
    let high = simd.add_f32s(sums[2], sums[3]);
    simd.reduce_sum_f32s(simd.add_f32s(low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_those_of_the_picked_rows() {
        for stride in [16usize, 48, 64, 384] {
            let at = |i: usize| f32::from(u16::try_from(i % 97).unwrap()) / 97.0 - 0.5;
            let block: Vec<f32> = (0..8 * stride).map(|i| at(i * 7)).collect();
            let query: Vec<f32> = (0..stride).map(|i| at(i * 5 + 3)).collect();
            let mut out = vec![9.0];
            dots(&query, &block, &[5, 0, 7], &mut out);
            for (row, found) in [5, 0, 7].into_iter().zip(&out) {
                let row = &block[row * stride..(row + 1) * stride];
                let exact: f64 =
                    row.iter().zip(&query).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
                assert!((exact - f64::from(*found)).abs() < 1e-4, "{exact} {found}");
            }
            assert_eq!(out.len(), 3);
        }
    }

    #[test]
    fn dots_of_bytes_are_exact() {
        let at = |i: i32| i8::try_from(i % 256 - 128).unwrap();
        for len in [0, 32, 384] {
            let a: Vec<i8> = (0..len).map(|i| at(i * 7)).collect();
            let b: Vec<i8> = (0..len).map(|i| at(i * 5 + 3)).collect();
            let exact: i32 = a.iter().zip(&b).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
            assert_eq!(dot_of_bytes(&a, &b), exact);
        }
        assert_eq!(dot_of_bytes(&[-128; 64], &[-128; 64]), 64 * 128 * 128);
    }
}
