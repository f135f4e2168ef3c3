//! The form in which both libraries keep vectors: a list of numbers in JSON, as Python writes it.

use std::ops::Range;

use caching_with_redis::core::{Embedding, InvalidEmbedding};

use super::counts::Unfit;

/// No vector is longer in this form, not even one of the most dimensions.
pub(super) const LONGEST: usize = 2 << 20;

/// About so many bytes are read at once, however many entries that are.
pub(super) const AT_ONCE: usize = 8 << 20;

/// The vector, each number rounded to the nearest float32: what a program gets that reads it with any
/// sound JSON parser, and the same bits where a float32 was written.
pub(super) fn vector(json: &[u8]) -> Result<Embedding, Unfit> {
    let text = std::str::from_utf8(json).map_err(|_| Unfit::Damaged)?;
    let list = text.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let numbers = list.ok_or(Unfit::Damaged)?.split(',').map(|text| number(text.trim()));
    let numbers = numbers.collect::<Result<Vec<f32>, _>>()?;
    Embedding::new(numbers).map_err(|refusal| match refusal {
        InvalidEmbedding::NotFinite(_) => Unfit::NotFinite,
        InvalidEmbedding::TooManyDimensions(_) => Unfit::TooLong,
        _ => Unfit::Damaged,
    })
}

fn number(text: &str) -> Result<f32, Unfit> {
    // These are not JSON, and Python writes them all the same.
    if matches!(text, "NaN" | "Infinity" | "-Infinity") {
        return Err(Unfit::NotFinite);
    }
    // A parser of Rust knows more words than these.
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let number = text.parse::<f64>().ok().filter(|_| is_number).ok_or(Unfit::Damaged)?;
    #[expect(clippy::cast_possible_truncation, reason = "what is too large becomes infinite")]
    let narrow = number as f32;
    Ok(narrow)
}

/// Runs of things of these lengths that are read at once; one that is longer goes alone.
pub(super) fn runs(lengths: &[usize]) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (index, length) in lengths.iter().enumerate() {
        if index > start && bytes + length > AT_ONCE {
            runs.push(start..index);
            (start, bytes) = (index, 0);
        }
        bytes += length;
    }
    if start < lengths.len() {
        runs.push(start..lengths.len());
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_to_the_nearest() {
        let json = b"[-0.006929283495992422, 1, -0.0, 1e-45, 0.1,\t3.4028234663852886e+38]\n";
        let bits: Vec<u32> = vector(json).unwrap().iter().map(|value| value.to_bits()).collect();
        let expected = [0xbbe3_0f0b, 0x3f80_0000, 0x8000_0000, 1, 0x3dcc_cccd, 0x7f7f_ffff];
        assert_eq!(bits, expected);
    }

    /// Every kind of float32, as Python writes it: the shortest decimal of its double.
    #[test]
    fn floats_come_back_bit_for_bit() {
        let mut state = 0x9e37_79b9_u32;
        let mut values = Vec::new();
        while values.len() < 60_000 {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            values.extend(Some(f32::from_bits(state)).filter(|value| value.is_finite()));
        }
        let numbers: Vec<_> =
            values.iter().map(|value| format!("{:?}", f64::from(*value))).collect();
        let json = format!("[{}]", numbers.join(", "));
        let read = vector(json.as_bytes()).unwrap();
        assert!(read.iter().zip(&values).all(|(a, b)| a.to_bits() == b.to_bits()));
    }

    #[test]
    fn what_is_no_vector_is_refused() {
        for (json, why) in [
            (&b""[..], Unfit::Damaged),
            (b"[]", Unfit::Damaged),
            (b"[1,]", Unfit::Damaged),
            (b"[1, 2", Unfit::Damaged),
            (b"[[1], [2]]", Unfit::Damaged),
            (b"[\"1\"]", Unfit::Damaged),
            (b"[null]", Unfit::Damaged),
            (b"[inf]", Unfit::Damaged),
            (b"{\"a\": 1}", Unfit::Damaged),
            (b"\x00\x00\x80\x3f", Unfit::Damaged),
            (b"\xff\xff\xff\xff", Unfit::Damaged),
            (b"[1.0, NaN]", Unfit::NotFinite),
            (b"[-Infinity]", Unfit::NotFinite),
            (b"[1e39]", Unfit::NotFinite),
        ] {
            assert_eq!(vector(json), Err(why), "{}", String::from_utf8_lossy(json));
        }
        let long = format!("[{}]", vec!["0"; 65_537].join(","));
        assert_eq!(vector(long.as_bytes()), Err(Unfit::TooLong));
    }

    #[test]
    fn little_is_read_at_once() {
        assert!(runs(&[]).is_empty());
        assert_eq!(runs(&[1, 2]), vec![0..2]);
        assert_eq!(runs(&[AT_ONCE, 1, AT_ONCE - 1, 1]), [0..1, 1..3, 3..4]);
        assert_eq!(runs(&[1, AT_ONCE + 1, 1]), [0..1, 1..2, 2..3]);
    }
}
