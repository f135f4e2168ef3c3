//! Vectors as services write them: base64 of little-endian floats, or arrays of decimals.

use std::fmt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

/// The numbers of a vector, or why they are none. What is wrong inside a vector is not an error of
/// the JSON around it, so that it can be named.
#[derive(Debug, PartialEq)]
pub(super) struct Numbers(pub(super) Result<Vec<f32>, &'static str>);

const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// So many characters are so many whole floats.
const CHARACTERS: usize = 4096;
const BYTES: usize = CHARACTERS / 4 * 3;

/// Decodes block by block, without a copy of the bytes.
fn decode(text: &[u8]) -> Result<Vec<f32>, &'static str> {
    const BAD: &str = "sent a vector that is no base64";
    let mut numbers = Vec::with_capacity(text.len() / 4 * 3 / 4 + 1);
    let mut block = [0u8; BYTES];
    let blocks = text.len().div_ceil(CHARACTERS);
    for (index, characters) in text.chunks(CHARACTERS).enumerate() {
        let length = ENGINE.decode_slice(characters, &mut block).map_err(|_| BAD)?;
        if length != BYTES && index + 1 < blocks {
            return Err(BAD);
        }
        let (floats, rest) = block[..length].as_chunks::<4>();
        if !rest.is_empty() {
            return Err("sent a vector whose bytes are no whole number of floats");
        }
        numbers.extend(floats.iter().map(|bytes| f32::from_le_bytes(*bytes)));
    }
    Ok(numbers)
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumbersVisitor)
    }
}

struct NumbersVisitor;

impl<'de> Visitor<'de> for NumbersVisitor {
    type Value = Numbers;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("base64 or an array of numbers")
    }

    fn visit_str<E>(self, text: &str) -> Result<Numbers, E> {
        Ok(Numbers(decode(text.as_bytes())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Numbers, A::Error> {
        let mut numbers = Vec::with_capacity(sequence.size_hint().unwrap_or(1536));
        let mut whole = true;
        while let Some(number) = sequence.next_element::<Option<f32>>()? {
            match number {
                Some(number) => numbers.push(number),
                None => whole = false,
            }
        }
        Ok(Numbers(if whole { Ok(numbers) } else { Err("sent a vector with a null in it") }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base64(numbers: &[f32]) -> String {
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        ENGINE.encode(bytes)
    }

    #[test]
    fn any_length_comes_back_to_the_bit() {
        for length in [0u32, 1, 2, 3, 767, 768, 769, 1535, 1536, 1537, 3072] {
            let numbers: Vec<f32> =
                (0..length).map(|i| f32::from_bits(0x3d00_0001 + i * 977)).collect();
            let text = base64(&numbers);
            assert_eq!(decode(text.as_bytes()), Ok(numbers.clone()), "{length}");
            let unpadded = text.trim_end_matches('=');
            assert_eq!(decode(unpadded.as_bytes()), Ok(numbers), "{length} without padding");
        }
    }

    #[test]
    fn what_is_no_vector_is_named() {
        for bad in ["AAA", "A", "####", "AAAAAAA=AAAA", "안녕하세"] {
            assert!(decode(bad.as_bytes()).is_err(), "{bad}");
        }
        // Padding in the middle, where two blocks meet.
        let mut text = base64(&[1.0; 767]);
        assert!(text.len() < CHARACTERS);
        text.push_str(&"=".repeat(CHARACTERS - text.len()));
        text.push_str("AAAA");
        assert!(decode(text.as_bytes()).is_err());
    }

    #[test]
    fn json_of_both_kinds() {
        let read = |json: &str| serde_json::from_str::<Numbers>(json).map(|numbers| numbers.0);
        assert_eq!(read("[1, -0.5, 1e-3]").unwrap(), Ok(vec![1.0, -0.5, 1e-3]));
        assert_eq!(read(r#""AACAPw\u003d\u003d""#).unwrap(), Ok(vec![1.0]));
        assert_eq!(read(r#""AACA\/w==""#).unwrap().unwrap().len(), 1);
        assert!(read("[1, null]").unwrap().is_err());
        for bad in ["[1, NaN]", "[1, \"2\"]", "null", "{}", "1"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
