//! What is not exactly the value that was stored under the key is refused.

use std::time::Duration;

use cache_core::Embedding;
use cache_core::codec::{
    Codec, EntryMeta, FrameError, HEADER_BYTES, VectorPolicy, decode, encode, inspect,
};

use crate::vectors::{KEY, Random, of_a_local_model, of_a_service};

fn meta() -> EntryMeta {
    EntryMeta {
        created_at_ms: 1_795_000_000_123,
        fresh_for: Some(Duration::from_secs(3600)),
        compute_time: Duration::from_micros(81_234),
        tokens: 17,
    }
}

/// A frame of every codec, of about this many dimensions.
fn frames(dims: usize) -> Vec<(Codec, Vec<u8>)> {
    let (service, local) = (of_a_service(dims, 1), of_a_local_model(dims, 2));
    let samples = [
        (&local, VectorPolicy::Fast),
        (&service, VectorPolicy::Fast),
        (&service, VectorPolicy::Lossless),
        (&local, VectorPolicy::Lossless),
        (&local, VectorPolicy::NearLossless),
        (&local, VectorPolicy::Compact),
        (&local, VectorPolicy::Tiny),
    ];
    let encoded = samples.map(|(embedding, policy)| encode(&KEY, &meta(), embedding, policy));
    let frames: Vec<_> = encoded.into_iter().map(|e| (e.codec, e.bytes)).collect();
    assert_eq!(frames.iter().map(|(codec, _)| *codec).collect::<Vec<_>>(), Codec::ALL);
    frames
}

#[test]
fn every_flipped_bit_is_refused() {
    for (codec, frame) in frames(40) {
        for bit in 0..8 * frame.len() {
            let mut damaged = frame.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&KEY, &damaged).is_err(), "{codec}, bit {bit}");
        }
    }
}

#[test]
fn flipped_bits_of_large_frames_are_refused() {
    let mut random = Random(3);
    for (codec, frame) in frames(1536) {
        for _ in 0..500 {
            let bit = usize::try_from(random.next()).unwrap() % (8 * frame.len());
            let mut damaged = frame.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&KEY, &damaged).is_err(), "{codec}, bit {bit}");
        }
    }
}

#[test]
fn every_truncation_and_extension_is_refused() {
    for (codec, frame) in frames(40) {
        for len in 0..frame.len() {
            let expected =
                if len < HEADER_BYTES { FrameError::Truncated } else { FrameError::Checksum };
            assert_eq!(decode(&KEY, &frame[..len]), Err(expected), "{codec}, {len} bytes");
        }
        for tail in [&[0][..], &[0xff], &frame] {
            let longer = [&frame[..], tail].concat();
            assert_eq!(decode(&KEY, &longer), Err(FrameError::Checksum), "{codec}");
        }
    }
    for (codec, frame) in frames(3072) {
        for len in (0..frame.len()).step_by(37) {
            assert!(decode(&KEY, &frame[..len]).is_err(), "{codec}, {len} bytes");
        }
    }
}

#[test]
fn another_keys_value_is_refused() {
    for (codec, frame) in frames(100) {
        for bit in 0..64 {
            let mut other = KEY;
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(decode(&other, &frame), Err(FrameError::Checksum), "{codec}");
        }
    }
}

#[test]
fn foreign_values_are_told_from_ours() {
    let foreign: [&[u8]; 5] =
        [b"hello, this is another program's string", b"[0.1, 0.2]", b"\x80\x04", &[0; 64], b"no"];
    for value in foreign {
        let start = [value[0], value[1]];
        assert_eq!(decode(&KEY, value), Err(FrameError::NotOurs(start)));
        assert_eq!(inspect(value), Err(FrameError::NotOurs(start)));
    }
    for value in [&b""[..], b"x"] {
        assert_eq!(decode(&KEY, value), Err(FrameError::Truncated));
    }
}

#[test]
fn other_versions_are_told_from_damage() {
    let frame = &frames(40)[0].1;
    for version in (0..=u8::MAX).filter(|v| *v != 1) {
        let mut other = frame.clone();
        other[2] = version;
        assert_eq!(decode(&KEY, &other), Err(FrameError::FutureVersion(version)));
        assert_eq!(inspect(&other), Err(FrameError::FutureVersion(version)));
    }
}

#[test]
fn a_header_can_be_read_without_the_key() {
    for (codec, frame) in frames(384) {
        let info = inspect(&frame).unwrap();
        assert_eq!(info.codec, codec);
        assert_eq!(info.dimensions, 384);
        assert_eq!(info.meta, meta());
        assert_eq!(info.frame_bytes, frame.len());
        assert_eq!(info.body_bytes, frame.len() - HEADER_BYTES);
        assert_eq!(inspect(&frame[..HEADER_BYTES - 1]), Err(FrameError::Truncated));
    }
}

#[test]
fn errors_have_labels_and_say_nothing_of_the_values() {
    let embedding = Embedding::new(vec![0.123_456_7; 9]).unwrap();
    let stored = encode(&KEY, &meta(), &embedding, VectorPolicy::Fast);
    let error = decode(&[0; 32], &stored.bytes).unwrap_err();
    assert_eq!(error.as_str(), "checksum");
    assert!(error.to_string().contains("another key"));
    assert_eq!(FrameError::NotOurs(*b"{\"").as_str(), "not_ours");
    assert!(FrameError::NotOurs(*b"{\"").to_string().contains("7b 22"));
}
