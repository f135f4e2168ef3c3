use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::meta::META_BYTES;
use super::{Codec, EntryMeta, FrameError, VectorPolicy, select};
use crate::{Embedding, MAX_DIMENSIONS};

/// Bytes of a frame before its body.
pub const HEADER_BYTES: usize = 32;

/// The version of the format that is written, and the only one that is read.
pub const FORMAT_VERSION: u8 = 1;

pub(super) const MAGIC: [u8; 2] = [0xe7, b'v'];

/// The checksum's place: before it is what says how to read the frame, after it the rest.
const PREFIX_BYTES: usize = 8;
const CHECKED_FROM: usize = 16;

/// A vector as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Encoded {
    /// The frame: header and body.
    pub bytes: Vec<u8>,
    /// The codec that was chosen.
    pub codec: Codec,
}

/// A stored vector, read back.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DecodedEntry {
    /// What is known besides the vector.
    pub meta: EntryMeta,
    /// How the vector was stored.
    pub codec: Codec,
    /// The vector.
    pub embedding: Embedding,
}

/// What a frame's header says, unverified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameInfo {
    /// How the vector is stored.
    pub codec: Codec,
    /// How many dimensions it has.
    pub dimensions: usize,
    /// What is known besides the vector.
    pub meta: EntryMeta,
    /// Bytes of the frame.
    pub frame_bytes: usize,
    /// Bytes of the frame without its header.
    pub body_bytes: usize,
}

/// Encodes a vector for the entry whose key has this hash.
///
/// The codec is the policy's first that keeps its promise for this vector, which is checked by
/// decoding the result; it cannot fail. The bytes decode under the same key only.
#[must_use]
pub fn encode(
    key: &[u8; 32],
    meta: &EntryMeta,
    embedding: &Embedding,
    policy: VectorPolicy,
) -> Encoded {
    let (codec, mut bytes) = select::encode(embedding.as_slice(), policy);
    // MAX_DIMENSIONS is far below 2^32.
    let dims = u32::try_from(embedding.dimensions()).unwrap_or(u32::MAX);
    bytes[..2].copy_from_slice(&MAGIC);
    bytes[2] = FORMAT_VERSION;
    bytes[3] = codec.id();
    bytes[4..PREFIX_BYTES].copy_from_slice(&dims.to_le_bytes());
    bytes[CHECKED_FROM..HEADER_BYTES].copy_from_slice(&meta.to_bytes());
    seal(key, &mut bytes);
    Encoded { bytes, codec }
}

/// Decodes the frame stored under the key of this hash. Never panics, whatever the bytes, and
/// allocates nothing before the checksum is verified.
///
/// # Errors
/// Says why these bytes are not a vector stored under that key. A cache treats each as a miss.
pub fn decode(key: &[u8; 32], bytes: &[u8]) -> Result<DecodedEntry, FrameError> {
    let header = Header::of(bytes)?;
    if header.checksum != checksum(key, bytes) {
        return Err(FrameError::Checksum);
    }
    let info = header.info()?;
    let body = &bytes[HEADER_BYTES..];
    if !select::body_fits(info.codec, info.dimensions, body.len()) {
        return Err(FrameError::Body);
    }
    let embedding = decode_body(info.codec, info.dimensions, body)?;
    Ok(DecodedEntry { meta: info.meta, codec: info.codec, embedding })
}

/// Reads a frame's header without its key. Nothing is verified: the frame may be damaged.
///
/// # Errors
/// When the bytes do not begin with a header that this version can read.
pub fn inspect(bytes: &[u8]) -> Result<FrameInfo, FrameError> {
    Header::of(bytes)?.info()
}

/// Recomputes the checksum of a frame that was changed, so that a test reaches what is behind it.
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub fn reseal(key: &[u8; 32], frame: &mut [u8]) {
    if frame.len() >= HEADER_BYTES {
        seal(key, frame);
    }
}

/// An empty header with room for a body of this length.
pub(super) fn new_frame(body_bytes: usize) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEADER_BYTES + body_bytes);
    frame.resize(HEADER_BYTES, 0);
    frame
}

fn seal(key: &[u8; 32], frame: &mut [u8]) {
    let checksum = checksum(key, frame);
    frame[PREFIX_BYTES..CHECKED_FROM].copy_from_slice(&checksum.to_le_bytes());
}

/// Over the key's first eight bytes, the header before the checksum, and all after it. The frame
/// must be as long as a header.
fn checksum(key: &[u8; 32], frame: &[u8]) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *key;
    let key = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
    let seed = xxh3_64_with_seed(&frame[..PREFIX_BYTES], key);
    xxh3_64_with_seed(&frame[CHECKED_FROM..], seed)
}

/// One allocation: the vector is decoded where it stays.
fn decode_body(codec: Codec, dims: usize, body: &[u8]) -> Result<Embedding, FrameError> {
    let mut values: Arc<[f32]> = std::iter::repeat_n(0.0, dims).collect();
    // Nobody else has the new allocation.
    let out = Arc::get_mut(&mut values).ok_or(FrameError::Body)?;
    select::decode(codec, body, out)?;
    Embedding::new(values).map_err(|_| FrameError::Body)
}

/// A header of our format and version, the rest of it not looked at.
struct Header {
    codec: u8,
    dims: u32,
    checksum: u64,
    meta: [u8; META_BYTES],
    frame_bytes: usize,
}

impl Header {
    fn of(bytes: &[u8]) -> Result<Self, FrameError> {
        let magic = *bytes.first_chunk::<2>().ok_or(FrameError::Truncated)?;
        if magic != MAGIC {
            return Err(FrameError::NotOurs(magic));
        }
        let &[_, _, version, codec, d0, d1, d2, d3, ref rest @ ..] =
            bytes.first_chunk::<HEADER_BYTES>().ok_or(FrameError::Truncated)?;
        if version != FORMAT_VERSION {
            return Err(FrameError::FutureVersion(version));
        }
        let &[c0, c1, c2, c3, c4, c5, c6, c7, ref meta @ ..] = rest;
        Ok(Self {
            codec,
            dims: u32::from_le_bytes([d0, d1, d2, d3]),
            checksum: u64::from_le_bytes([c0, c1, c2, c3, c4, c5, c6, c7]),
            meta: *meta,
            frame_bytes: bytes.len(),
        })
    }

    fn info(&self) -> Result<FrameInfo, FrameError> {
        let codec = Codec::from_id(self.codec).ok_or(FrameError::UnknownCodec(self.codec))?;
        let dimensions = usize::try_from(self.dims).map_err(|_| FrameError::Dimensions)?;
        if !(1..=MAX_DIMENSIONS).contains(&dimensions) {
            return Err(FrameError::Dimensions);
        }
        Ok(FrameInfo {
            codec,
            dimensions,
            meta: EntryMeta::from_bytes(self.meta),
            frame_bytes: self.frame_bytes,
            body_bytes: self.frame_bytes - HEADER_BYTES,
        })
    }
}
