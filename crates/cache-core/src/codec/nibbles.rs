//! Planes of half-bytes, where zero marks a value whose exponent did not fit.
//!
//! A plane of rows of `lanes` bytes holds the nibbles of two sections per row: byte `l` of row
//! `r` holds that of value `2r·lanes + l` in its low half and that of `(2r + 1)·lanes + l` in its
//! high half. Neighbours are thus packed by the same shift, which vectorises.

/// Calls `found` with the index of every value below `dims` whose nibble is zero, in the order of
/// the plane.
#[inline(always)]
pub(super) fn for_each_zero(plane: &[u8], lanes: usize, dims: usize, mut found: impl FnMut(usize)) {
    const CHUNK: usize = 32;
    for (row, bytes) in plane.chunks(lanes).enumerate() {
        let first = 2 * row * lanes;
        for (chunk, bytes) in bytes.chunks(CHUNK).enumerate() {
            // Rarely true: one value in a thousand is that small.
            if may_hold_zero(bytes) {
                for (low, byte) in (first + CHUNK * chunk..).zip(bytes) {
                    for (index, nibble) in [(low, byte & 15), (low + lanes, byte >> 4)] {
                        if nibble == 0 && index < dims {
                            found(index);
                        }
                    }
                }
            }
        }
    }
}

/// Whether one of these bytes may hold a zero nibble. Exact for a multiple of eight.
#[inline]
fn may_hold_zero(bytes: &[u8]) -> bool {
    const ONES: u64 = 0x1111_1111_1111_1111;
    let (words, rest) = bytes.as_chunks::<8>();
    let zeros = words.iter().fold(0, |zeros, word| {
        let word = u64::from_le_bytes(*word);
        // The lowest zero nibble borrows from its high bit, which was clear.
        zeros | word.wrapping_sub(ONES) & !word & (ONES << 3)
    });
    zeros != 0 || !rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_exactly_the_zero_nibbles() {
        let (lanes, dims) = (13, 100);
        let plane_bytes = 4 * 13u32;
        for seed in 0..200u32 {
            let plane: Vec<u8> = (0..plane_bytes)
                .map(|i| (i ^ seed).wrapping_mul(0x9e37_79b9).wrapping_mul(seed | 1) >> 24)
                .map(|b| u8::try_from(b).unwrap())
                .collect();
            let nibble = |i: usize| {
                let (section, lane) = (i / lanes, i % lanes);
                (plane[section / 2 * lanes + lane] >> (4 * (section % 2))) & 15
            };
            let mut expected: Vec<usize> = (0..dims).filter(|&i| nibble(i) == 0).collect();
            let mut found = Vec::new();
            for_each_zero(&plane, lanes, dims, |i| found.push(i));
            assert!(found.is_sorted_by_key(|i| (i / lanes / 2, i % lanes, i / lanes)));
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected);
        }
    }
}
