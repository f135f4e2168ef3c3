//! Values as they go in and come out.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::{CacheKey, Ttl};

/// A value: bytes, and in backends of this process also what they decode to.
///
/// A service that puts an entry may attach the decoded form. A backend that
/// [keeps it](crate::Capabilities::keeps_decoded) hands it back, so that a hit needs no decoding;
/// any other drops it. The decoded form must be what the bytes decode to.
#[derive(Clone)]
pub struct StoredValue {
    bytes: Bytes,
    decoded: Option<Decoded>,
}

#[derive(Clone)]
struct Decoded {
    form: Arc<dyn Any + Send + Sync>,
    size: usize,
}

impl StoredValue {
    /// A value of these bytes.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self { bytes: bytes.into(), decoded: None }
    }

    /// Attaches the decoded form, which takes about `size` bytes of memory.
    #[must_use]
    pub fn with_decoded<T: Any + Send + Sync>(mut self, form: Arc<T>, size: usize) -> Self {
        self.decoded = Some(Decoded { form, size });
        self
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The decoded form, when it is attached and of this type.
    #[must_use]
    pub fn decoded<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.decoded.as_ref().and_then(|decoded| decoded.form.downcast_ref())
    }

    /// What the value takes in this process's memory, decoded form included.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.bytes.len() + self.decoded.as_ref().map_or(0, |decoded| decoded.size)
    }
}

impl fmt::Debug for StoredValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredValue")
            .field("bytes", &self.bytes.len())
            .field("decoded", &self.decoded.is_some())
            .finish()
    }
}

/// One entry to write.
#[derive(Debug, Clone)]
pub struct PutEntry {
    /// Under which key.
    pub key: CacheKey,
    /// What.
    pub value: StoredValue,
    /// For how long.
    pub ttl: Ttl,
}

impl PutEntry {
    /// An entry.
    #[must_use]
    pub fn new(key: CacheKey, value: StoredValue, ttl: Ttl) -> Self {
        Self { key, value, ttl }
    }
}
