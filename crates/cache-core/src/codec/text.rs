//! Stored texts: answers and messages, compressed where that pays.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 2 | magic `e7 74` |
//! | 2 | 1 | version of the format, 1 |
//! | 3 | 1 | how the body is stored: 0 as it is, 1 an LZ4 block |
//! | 4 | 4 | length of the body before compression |
//! | 8 | 8 | checksum |
//! | 16 | | body |
//!
//! The checksum covers header and body and is bound to a key, as that of the
//! [vectors](super#the-frame) is.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::FrameError;

/// Bytes of a frame before its body.
pub const HEADER_BYTES: usize = 16;

/// Longest body before compression: 256 MiB.
pub const MAX_BYTES: usize = 256 << 20;

pub(super) const MAGIC: [u8; 2] = [0xe7, b't'];
pub(super) const VERSION: u8 = 1;
const PLAIN: u8 = 0;
const LZ4: u8 = 1;
const PREFIX_BYTES: usize = 8;

/// Shorter bodies are not worth the attempt.
const COMPRESSED_FROM: usize = 256;

/// The body is longer than [`MAX_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} bytes are more than an entry may have ({MAX_BYTES})")]
#[non_exhaustive]
pub struct TooLong(pub usize);

/// The frame of these bytes, to be stored under the key of this hash.
///
/// # Errors
/// When they are longer than [`MAX_BYTES`].
pub fn pack(key: &[u8; 32], bytes: &[u8]) -> Result<Vec<u8>, TooLong> {
    let length = u32::try_from(bytes.len()).ok().filter(|_| bytes.len() <= MAX_BYTES);
    let length = length.ok_or(TooLong(bytes.len()))?;
    let compressed = (bytes.len() >= COMPRESSED_FROM).then(|| lz4_flex::block::compress(bytes));
    let compressed = compressed.filter(|compressed| compressed.len() < bytes.len());
    let (form, body) = compressed.as_deref().map_or((PLAIN, bytes), |body| (LZ4, body));
    let mut frame = Vec::with_capacity(HEADER_BYTES + body.len());
    frame.extend_from_slice(&MAGIC);
    frame.extend_from_slice(&[VERSION, form]);
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(&[0; HEADER_BYTES - PREFIX_BYTES]);
    frame.extend_from_slice(body);
    seal(key, &mut frame);
    Ok(frame)
}

/// The bytes of a frame that was stored under the key of this hash: borrowed where they are stored
/// as they are. Allocates nothing before the checksum is verified, and never more than `limit`
/// bytes.
///
/// # Errors
/// Says why this is no frame stored under that key. A cache treats each as a miss.
pub fn unpack<'f>(
    key: &[u8; 32],
    frame: &'f [u8],
    limit: usize,
) -> Result<Cow<'f, [u8]>, FrameError> {
    let magic = *frame.first_chunk::<2>().ok_or(FrameError::Truncated)?;
    if magic != MAGIC {
        return Err(FrameError::NotOurs(magic));
    }
    let &[_, _, version, form, l0, l1, l2, l3, c0, c1, c2, c3, c4, c5, c6, c7] =
        frame.first_chunk::<HEADER_BYTES>().ok_or(FrameError::Truncated)?;
    if version != VERSION {
        return Err(FrameError::FutureVersion(version));
    }
    if u64::from_le_bytes([c0, c1, c2, c3, c4, c5, c6, c7]) != checksum(key, frame) {
        return Err(FrameError::Checksum);
    }
    let length = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
    if length > limit.min(MAX_BYTES) {
        return Err(FrameError::Body);
    }
    let body = &frame[HEADER_BYTES..];
    match form {
        PLAIN if body.len() == length => Ok(Cow::Borrowed(body)),
        LZ4 => {
            let bytes = lz4_flex::block::decompress(body, length).map_err(|_| FrameError::Body)?;
            if bytes.len() == length { Ok(Cow::Owned(bytes)) } else { Err(FrameError::Body) }
        }
        PLAIN => Err(FrameError::Body),
        unknown => Err(FrameError::UnknownCodec(unknown)),
    }
}

/// Recomputes the checksum of a frame that was changed, so that a test reaches what is behind it.
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub fn reseal(key: &[u8; 32], frame: &mut [u8]) {
    seal(key, frame);
}

/// The frame must be as long as a header.
fn seal(key: &[u8; 32], frame: &mut [u8]) {
    let checksum = checksum(key, frame).to_le_bytes();
    frame[PREFIX_BYTES..HEADER_BYTES].copy_from_slice(&checksum);
}

fn checksum(key: &[u8; 32], frame: &[u8]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *key;
    let key = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
    let seed = xxh3_64_with_seed(&frame[..PREFIX_BYTES], key);
    xxh3_64_with_seed(&frame[HEADER_BYTES..], seed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn texts() -> Vec<Vec<u8>> {
        let words = "하나 two 3 ".repeat(500).into_bytes();
        let noise =
            (0..2_000u32).flat_map(|i| blake3::hash(&i.to_le_bytes()).as_bytes()[..4].to_vec());
        vec![vec![], b"a".to_vec(), words[..255].to_vec(), words, noise.collect()]
    }

    #[test]
    fn texts_come_back_and_no_longer_than_they_are() {
        for text in texts() {
            let frame = pack(&KEY, &text).unwrap();
            assert!(frame.len() <= HEADER_BYTES + text.len());
            assert_eq!(*unpack(&KEY, &frame, text.len()).unwrap(), *text);
        }
        let text = "하나 two 3 ".repeat(500).into_bytes();
        assert!(pack(&KEY, &text).unwrap().len() < text.len() / 10);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let text = "one two three ".repeat(40).into_bytes();
        let frame = pack(&KEY, &text).unwrap();
        for at in 0..frame.len() {
            assert!(unpack(&KEY, &frame[..at], MAX_BYTES).is_err());
            for bit in 0..8 {
                let mut damaged = frame.clone();
                damaged[at] ^= 1 << bit;
                assert!(unpack(&KEY, &damaged, MAX_BYTES).is_err(), "byte {at} bit {bit}");
            }
        }
        assert_eq!(unpack(&[8; 32], &frame, MAX_BYTES), Err(FrameError::Checksum));
    }

    #[test]
    fn a_length_is_not_believed() {
        let text = "one two three ".repeat(40).into_bytes();
        let frame = pack(&KEY, &text).unwrap();
        assert_eq!(unpack(&KEY, &frame, text.len() - 1), Err(FrameError::Body));
        for length in [0, 1, text.len() - 1, text.len() + 1, u32::MAX as usize] {
            let mut forged = frame.clone();
            forged[4..8].copy_from_slice(&u32::try_from(length).unwrap().to_le_bytes());
            reseal(&KEY, &mut forged);
            assert!(unpack(&KEY, &forged, MAX_BYTES).is_err(), "length {length}");
        }
    }
}
