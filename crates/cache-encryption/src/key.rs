//! One key.

use std::fmt;
use std::str::FromStr;

use chacha20poly1305::{KeyInit, XChaCha20Poly1305};
use zeroize::Zeroizing;

use crate::{KeyError, text};

/// Bytes of a key.
pub(crate) const KEY_BYTES: usize = 32;

/// Names a key: 64 bits of its BLAKE3 hash, so that nobody has to give it a name, and no two
/// processes can mean different keys by one name. Shown as 16 hexadecimal digits. It tells nothing
/// of the key, which has 256 random bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub(crate) [u8; 8]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for KeyId {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let digits = text.len() == 16 && text.bytes().all(|c| c.is_ascii_hexdigit());
        let number = u64::from_str_radix(text, 16).ok().filter(|_| digits);
        number.map(|number| Self(number.to_be_bytes())).ok_or(KeyError::NotWrapped)
    }
}

/// A key that values are sealed with: 32 random bytes. Its memory is overwritten when it is dropped;
/// `Debug` shows its [id](Self::id) and nothing else.
#[derive(Clone)]
pub struct DataKey {
    id: KeyId,
    bytes: Zeroizing<[u8; KEY_BYTES]>,
    cipher: XChaCha20Poly1305,
}

impl DataKey {
    /// A new key, from the operating system's random numbers.
    ///
    /// # Errors
    /// [`KeyError::Random`] when it gives none.
    pub fn generate() -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(&mut bytes[..]).map_err(KeyError::Random)?;
        Self::new(bytes)
    }

    /// The key of these bytes. They must be random: a passphrase is none.
    ///
    /// # Errors
    /// [`KeyError::Length`] for any other number than 32, [`KeyError::Placeholder`] when all are the
    /// same.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let key = <&[u8; KEY_BYTES]>::try_from(bytes).map_err(|_| KeyError::Length(bytes.len()))?;
        Self::new(Zeroizing::new(*key))
    }

    /// The key of this text: 64 hexadecimal digits, or base64 in either alphabet, with or without
    /// padding; space around it is ignored.
    ///
    /// # Errors
    /// [`KeyError::NotText`], or as [`from_bytes`](Self::from_bytes).
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        Self::new(text::parse(text)?)
    }

    fn new(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Result<Self, KeyError> {
        if bytes.iter().all(|byte| *byte == bytes[0]) {
            return Err(KeyError::Placeholder);
        }
        // The key itself goes into no cipher: what seals and what names it are derived from it.
        let sealing = derive("cache-encryption 2026-11-27 sealing, version 1", &bytes);
        let name = derive("cache-encryption 2026-11-27 key id, version 1", &bytes);
        let [a, b, c, d, e, f, g, h, ..] = *name;
        let cipher = XChaCha20Poly1305::new((&*sealing).into());
        Ok(Self { id: KeyId([a, b, c, d, e, f, g, h]), bytes, cipher })
    }

    /// What names it.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The key itself, to wrap it.
    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.bytes
    }

    pub(crate) fn cipher(&self) -> &XChaCha20Poly1305 {
        &self.cipher
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({})", self.id)
    }
}

fn derive(context: &str, key: &[u8; KEY_BYTES]) -> Zeroizing<[u8; KEY_BYTES]> {
    Zeroizing::new(blake3::derive_key(context, key))
}
