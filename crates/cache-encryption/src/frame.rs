//! Sealed values: their layout, sealing and opening.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 2 | magic `e7 78` |
//! | 2 | 1 | version of the format, 1 |
//! | 3 | 1 | cipher: 1, XChaCha20-Poly1305 |
//! | 4 | 8 | id of the key |
//! | 12 | 24 | nonce, random |
//! | 36 | | the value, encrypted |
//! | last 16 | 16 | tag, over everything before it and the value's place |

use chacha20poly1305::aead::inout::InOutBuf;
use chacha20poly1305::{AeadInOut, Tag, XNonce};

use crate::{Binding, DataKey, KeyId, Keyring};

/// What a sealed value is longer than the value, in bytes.
pub const OVERHEAD_BYTES: usize = HEADER_BYTES + NONCE_BYTES + TAG_BYTES;

const HEADER_BYTES: usize = 12;
pub(crate) const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

const MAGIC: [u8; 2] = [0xe7, b'x'];
const VERSION: u8 = 1;
const XCHACHA20_POLY1305: u8 = 1;

pub(crate) type Header = [u8; HEADER_BYTES];
pub(crate) type Nonce = [u8; NONCE_BYTES];

/// Why a stored value does not open. To a cache each is a miss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unopened {
    /// It was never sealed.
    #[error("the value is not sealed")]
    Plain,
    /// A newer version has sealed it.
    #[error("the value was sealed by a newer version")]
    Newer,
    /// The ring does not have its key.
    #[error("the value was sealed with the key {0}, which the ring does not have")]
    UnknownKey(KeyId),
    /// It is not what was sealed for this place with this key: damaged, cut, forged, or copied here
    /// from another key.
    #[error("the value is damaged, forged, or belongs elsewhere")]
    Damaged,
}

impl Keyring {
    /// Seals a value with the active key for its place. The backends do it for what goes through
    /// them; this is for tools.
    ///
    /// # Errors
    /// [`KeyError::Random`](crate::KeyError::Random) when the operating system gives no random bytes.
    pub fn seal(&self, place: &Binding<'_>, value: &[u8]) -> Result<Vec<u8>, crate::KeyError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(crate::KeyError::Random)?;
        Ok(seal(self.active(), &nonce, place, value))
    }

    /// Opens what was sealed for this place. Nothing is believed before the tag is verified.
    ///
    /// # Errors
    /// Says why it does not open.
    pub fn open(&self, place: &Binding<'_>, sealed: &[u8]) -> Result<Vec<u8>, Unopened> {
        let (header, nonce, body, tag) = split(sealed)?;
        let [_, _, _, _, id @ ..] = *header;
        let key = self.get(KeyId(id)).ok_or(Unopened::UnknownKey(KeyId(id)))?;
        let mut value = body.to_vec();
        key.cipher()
            .decrypt_inout_detached(
                &XNonce::from(*nonce),
                &place.associated_data(header),
                InOutBuf::from(&mut value[..]),
                &Tag::from(*tag),
            )
            .map_err(|_| Unopened::Damaged)?;
        Ok(value)
    }
}

/// Seals a value; nobody may use a nonce of a key twice.
pub(crate) fn seal(key: &DataKey, nonce: &Nonce, place: &Binding<'_>, value: &[u8]) -> Vec<u8> {
    let header = header(key.id());
    let mut sealed = Vec::with_capacity(value.len() + OVERHEAD_BYTES);
    sealed.extend_from_slice(&header);
    sealed.extend_from_slice(nonce);
    sealed.extend_from_slice(value);
    let body = InOutBuf::from(&mut sealed[HEADER_BYTES + NONCE_BYTES..]);
    let tag = key
        .cipher()
        .encrypt_inout_detached(&XNonce::from(*nonce), &place.associated_data(&header), body)
        .expect("invariant: no value has the 256 GiB that the cipher cannot take");
    sealed.extend_from_slice(&tag);
    sealed
}

fn header(KeyId([a, b, c, d, e, f, g, h]): KeyId) -> Header {
    [MAGIC[0], MAGIC[1], VERSION, XCHACHA20_POLY1305, a, b, c, d, e, f, g, h]
}

type Parts<'s> = (&'s Header, &'s Nonce, &'s [u8], &'s [u8; TAG_BYTES]);

fn split(sealed: &[u8]) -> Result<Parts<'_>, Unopened> {
    if !sealed.starts_with(&MAGIC) {
        return Err(Unopened::Plain);
    }
    let (header, rest) = sealed.split_first_chunk::<HEADER_BYTES>().ok_or(Unopened::Damaged)?;
    let (nonce, rest) = rest.split_first_chunk().ok_or(Unopened::Damaged)?;
    let (body, tag) = rest.split_last_chunk().ok_or(Unopened::Damaged)?;
    match header {
        [_, _, VERSION, XCHACHA20_POLY1305, ..] => Ok((header, nonce, body, tag)),
        _ => Err(Unopened::Newer),
    }
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
