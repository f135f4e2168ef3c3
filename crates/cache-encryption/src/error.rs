//! What can be wrong with keys.

use std::io;
use std::path::PathBuf;

use crate::KeyId;
use crate::envelope::KeyServiceError;

/// Why there is no key, or no keyring. No variant carries a part of a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text is neither base64 nor hexadecimal.
    #[error(
        "this is no key: it is neither base64 nor hexadecimal; a key is 32 random bytes, as `openssl rand -base64 32` prints them"
    )]
    NotText,
    /// The text is of another number of bytes.
    #[error(
        "a key has 32 bytes and this has {0}; a key is 32 random bytes, as `openssl rand -base64 32` prints them"
    )]
    Length(usize),
    /// All bytes are the same: a placeholder, not a key.
    #[error(
        "this is no key but a placeholder: all of its bytes are the same; make one with `openssl rand -base64 32`"
    )]
    Placeholder,
    /// A line of a list of keys holds none.
    #[error("line {line}: {problem}")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong with it.
        problem: Box<KeyError>,
    },
    /// There are no keys.
    #[error("there is no key; write one to a line, the active one first")]
    Empty,
    /// A key is there twice.
    #[error("the key {0} is there twice; remove one of the two")]
    Twice(KeyId),
    /// A wrapped key's text is not what [`WrappedKey`](crate::WrappedKey) writes.
    #[error("this is no wrapped key: it is written as the key's id, a colon, and base64")]
    NotWrapped,
    /// The file of the keys cannot be read.
    #[error("the file of the keys, {}, cannot be read", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The key service failed, or would not.
    #[error("the key service did not {verb} the key {key}")]
    Service {
        /// `wrap` or `unwrap`.
        verb: &'static str,
        /// Which key.
        key: KeyId,
        /// Why.
        source: KeyServiceError,
    },
    /// The key service unwrapped to something else.
    #[error(
        "the key service unwrapped the key {0} to another one; the wrapped key is damaged or of another key service"
    )]
    OtherKey(KeyId),
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    Random(#[source] getrandom::Error),
}
