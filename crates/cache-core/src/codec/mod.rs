//! Stored vectors: a frame that says what it is, and seven ways to lay out the numbers.
//!
//! [`encode`] picks the layout by a [`VectorPolicy`], vector by vector, and checks that what it
//! wrote keeps the policy's promise. [`decode`] obeys the frame, so a store may mix layouts and the
//! policy may change at any time. Bytes that do not verify (cut off, damaged, another version's,
//! another key's) give a [`FrameError`], never a panic and never a wrong vector.
//!
//! ```
//! use std::time::Duration;
//! use cache_core::Embedding;
//! use cache_core::codec::{EntryMeta, VectorPolicy, decode, encode};
//!
//! let key = [7u8; 32]; // the hash of the entry's `CacheKey`
//! let embedding = Embedding::new(vec![0.6, -0.8, 0.0])?;
//! let meta = EntryMeta { compute_time: Duration::from_millis(80), ..EntryMeta::default() };
//!
//! let stored = encode(&key, &meta, &embedding, VectorPolicy::Lossless);
//! let entry = decode(&key, &stored.bytes)?;
//! assert_eq!(entry.embedding, embedding);
//! assert_eq!(entry.meta, meta);
//! assert!(decode(&[8u8; 32], &stored.bytes).is_err(), "another key's value");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Codecs
//!
//! | id | name | body | bytes at 1536 | exact | for |
//! |---|---|---|---|---|---|
//! | 0 | `f32` | `d` × f32 | 6144 | yes | what fits nothing else; `Fast` for models off the grid |
//! | 1 | `grid16` | f64 scale, `d` × f16 | 3080 | yes | `Fast`: decodes quickest |
//! | 2 | `grid15` | f64 scale; planes: mantissa low byte `d`, exponent nibble `d/2`, 2 mantissa bits `d/4`, sign `d/8`; a byte per escaped exponent | 2888 + ~2 | yes | `Lossless`, the default |
//! | 3 | `split` | exponent base u8; planes: mantissa low bytes `2·d`, sign and mantissa `d`, exponent nibble `d/2`; a byte per escaped exponent | 5377 + ~1 | yes | `Lossless` for models off the grid |
//! | 4 | `f16` | `d` × f16 | 3072 | cosine ≥ 0.9999999 | `NearLossless` |
//! | 5 | `i8o8` | f32 scale, 8 exact outliers (u16 index, f32 value), `d` × i8 | 1588 | cosine ≥ 0.9999 | `Compact` |
//! | 6 | `q4b32` | per 32 values: f16 scale, 16 bytes | 864 | cosine ≥ 0.98 | `Tiny`: a first pass only |
//!
//! All numbers are little endian; `d` is the number of dimensions, and planes are rounded up to
//! whole bytes per section. With the frame's 32 bytes and the up to 6 that Redis adds, the common
//! sizes end below one of its allocator's size classes (768 bytes for `grid15` at 384 dimensions,
//! 3072 at 1536).
//!
//! # The grid
//!
//! Large services compute in half precision, normalise and send 32-bit floats. Their vectors are
//! then halves divided by one float, bit for bit: so were all OpenAI vectors examined (ada-002,
//! 3-small, 3-large, shortened ones too), and those of Cohere and Mistral. The encoder finds the
//! halves and the scale again, and accepts them only if decoding gives back every bit of the
//! vector: nothing is assumed of the service. Do not normalise vectors before storing them: it
//! moves a quarter of the values by one unit in the last place, off the grid.
//!
//! # The frame
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 2 | magic `e7 76` |
//! | 2 | 1 | version of the format, [`FORMAT_VERSION`] |
//! | 3 | 1 | codec id |
//! | 4 | 4 | dimensions |
//! | 8 | 8 | checksum |
//! | 16 | 6 | created at, milliseconds since the Unix epoch |
//! | 22 | 4 | fresh for: milliseconds, or with the top bit set seconds; `ff ff ff ff` for always |
//! | 26 | 4 | compute time in microseconds |
//! | 30 | 2 | tokens |
//! | 32 | | body |
//!
//! The checksum is XXH3-64 of everything from offset 16, seeded by the XXH3-64 of the first eight
//! bytes, which is seeded by the first eight bytes of the key's hash (read as little endian). So it
//! covers the header and the body, **and binds the value to its key**: the reply to another
//! request on a connection that lost step, or a value copied to another key, does not decode. It
//! guards against accidents; whoever can write to the store can also forge it.

mod count;
mod error;
mod f16;
mod frame;
mod grid;
mod half;
mod i8o8;
mod id;
mod meta;
mod nibbles;
mod policy;
mod q4b32;
mod raw;
mod select;
mod split;
mod start;
pub mod text;

pub use error::FrameError;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub use frame::reseal;
pub use frame::{
    DecodedEntry, Encoded, FORMAT_VERSION, FrameInfo, HEADER_BYTES, decode, encode, inspect,
};
pub use id::Codec;
pub use meta::EntryMeta;
pub use policy::{UnknownPolicy, VectorPolicy};
pub use start::is_current;

#[cfg(test)]
mod tests;
