//! Frames whose checksum is right and whose content is not: only these get past the checksum.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{
    Codec, EntryMeta, FrameError, HEADER_BYTES, VectorPolicy, decode, encode, inspect, reseal,
};
use crate::{Embedding, MAX_DIMENSIONS};

const KEY: [u8; 32] = [0x5a; 32];

fn frame(policy: VectorPolicy, values: &[f32]) -> Vec<u8> {
    encode(&KEY, &EntryMeta::default(), &Embedding::new(values).unwrap(), policy).bytes
}

fn resealed(mut frame: Vec<u8>) -> Result<super::DecodedEntry, FrameError> {
    reseal(&KEY, &mut frame);
    decode(&KEY, &frame)
}

/// A frame of this codec with a right checksum.
fn forged(codec: u8, dims: u32, body: &[u8]) -> Result<super::DecodedEntry, FrameError> {
    let mut forged = frame(VectorPolicy::Fast, &[1.0]);
    forged.truncate(HEADER_BYTES);
    forged[3] = codec;
    forged[4..8].copy_from_slice(&dims.to_le_bytes());
    forged.extend_from_slice(body);
    resealed(forged)
}

#[test]
fn a_codec_of_the_future_is_named() {
    assert_eq!(forged(7, 1, &[0; 4]), Err(FrameError::UnknownCodec(7)));
    assert_eq!(forged(255, 1, &[0; 4]), Err(FrameError::UnknownCodec(255)));
}

#[test]
fn dimensions_are_bounded_before_anything_is_allocated() {
    for codec in Codec::ALL {
        assert_eq!(forged(codec.id(), 0, &[]), Err(FrameError::Dimensions), "{codec}");
        assert_eq!(forged(codec.id(), u32::MAX, &[0; 64]), Err(FrameError::Dimensions), "{codec}");
    }
    let most = u32::try_from(MAX_DIMENSIONS).unwrap();
    assert!(forged(0, most, &vec![0; 4 * MAX_DIMENSIONS]).is_ok());
    assert_eq!(forged(0, most + 1, &vec![0; 4 * MAX_DIMENSIONS + 4]), Err(FrameError::Dimensions));
}

#[test]
fn the_body_is_exactly_as_long_as_codec_and_dimensions_say() {
    let sample: Vec<f32> = (0..40u8).map(|i| (f32::from(i) - 19.3) / 77.0).collect();
    for policy in VectorPolicy::ALL {
        let frame = frame(policy, &sample);
        assert!(resealed(frame.clone()).is_ok());
        for len in HEADER_BYTES..frame.len() {
            assert_eq!(resealed(frame[..len].to_vec()), Err(FrameError::Body), "{policy} {len}");
        }
        for extra in [0, 0xff] {
            let longer = [&frame[..], &[extra]].concat();
            assert_eq!(resealed(longer), Err(FrameError::Body), "{policy}");
        }
    }
}

#[test]
fn numbers_that_are_not_finite_are_refused() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let body = [1.0, bad].map(f32::to_le_bytes).concat();
        assert_eq!(forged(0, 2, &body), Err(FrameError::Body));
    }
    let scale = 1f64.to_le_bytes();
    let half = |half: u16| half.to_le_bytes();
    assert!(forged(1, 1, &[&scale[..], &half(0x7bff)].concat()).is_ok());
    assert_eq!(forged(1, 1, &[&scale[..], &half(0x7c00)].concat()), Err(FrameError::Body));
    assert_eq!(forged(1, 1, &[&scale[..], &half(0xfe01)].concat()), Err(FrameError::Body));
    assert!(forged(4, 1, &half(0xfbff)).is_ok());
    assert_eq!(forged(4, 1, &half(0x7c00)), Err(FrameError::Body));
    for bad in [f64::NAN, f64::INFINITY, f64::MAX, -1.0] {
        let body = [&bad.to_le_bytes()[..], &half(0x3c00)].concat();
        assert_eq!(forged(1, 1, &body), Err(FrameError::Body), "{bad:e}");
    }
}

#[test]
fn escaped_exponents_are_those_that_need_it() {
    // One value: mantissa byte, exponent nibble 0 (escaped), mantissa bits, sign, the escape.
    let body = |escape: u8| {
        let planes = [0u8, 0, 0, 0, 0, 0, 0, 0, escape];
        [&1f64.to_le_bytes()[..], &planes].concat()
    };
    let smallest_normal = forged(2, 1, &body(1)).unwrap();
    assert_eq!(smallest_normal.embedding.as_slice(), [2f32.powi(-14)]);
    assert!(forged(2, 1, &body(15)).is_ok());
    assert_eq!(forged(2, 1, &body(16)), Err(FrameError::Body));
    assert_eq!(forged(2, 1, &body(31)), Err(FrameError::Body));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn forged_bodies_give_a_sound_vector_or_an_error(
        codec in 0u8..8,
        dims in 0u32..40,
        body in vec(any::<u8>(), 0..200),
    ) {
        if let Ok(entry) = forged(codec, dims, &body) {
            prop_assert_eq!(entry.embedding.dimensions(), usize::try_from(dims).unwrap());
            prop_assert!(entry.embedding.iter().all(|v| v.is_finite()));
        }
    }

    #[test]
    fn damage_behind_the_checksum_gives_a_sound_vector_or_an_error(
        policy in prop::sample::select(&VectorPolicy::ALL[..]),
        values in vec(-1f32..1.0, 1..80),
        flips in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut frame = frame(policy, &values);
        for (at, bits) in flips {
            let at = at.index(frame.len());
            frame[at] ^= bits;
        }
        reseal(&KEY, &mut frame);
        if let Ok(entry) = decode(&KEY, &frame) {
            let info = inspect(&frame).unwrap();
            prop_assert_eq!(info.dimensions, entry.embedding.dimensions());
            prop_assert_eq!((info.codec, info.meta), (entry.codec, entry.meta));
            prop_assert!(entry.embedding.iter().all(|v| v.is_finite()));
        }
    }
}
