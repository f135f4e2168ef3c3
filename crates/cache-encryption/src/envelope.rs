//! Keys that are kept wrapped by a key service.

use std::fmt::{self, Debug};
use std::str::FromStr;

use async_trait::async_trait;
use base64::Engine;
use cache_core::BoxError;
use zeroize::Zeroizing;

use crate::text::BASE64;
use crate::{DataKey, KeyError, KeyId};

/// Why a key service failed. It must not carry a key.
pub type KeyServiceError = BoxError;

/// Wraps keys with a key of its own that never leaves it: a key vault, a hardware module, a file on
/// another machine.
///
/// # Contract
/// * What `wrap` gives, `unwrap` turns back, also years and versions of the service's own key later.
/// * `unwrap` refuses what `wrap` has not given. (What it gives is checked against the key's id all
///   the same.)
/// * Neither keeps, shows or logs a key.
#[async_trait]
pub trait KeyService: Debug + Send + Sync + 'static {
    /// Encrypts a key of 32 bytes.
    async fn wrap(&self, key: &[u8]) -> Result<Vec<u8>, KeyServiceError>;

    /// Gives the key back.
    async fn unwrap(&self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, KeyServiceError>;
}

/// A key as a key service has wrapped it, with its id. It is no secret, and is stored where the
/// configuration is: as text it is the id, a colon, and base64 of what the service gave.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey {
    id: KeyId,
    wrapped: Vec<u8>,
}

impl WrappedKey {
    /// The id of the key inside.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// What the service gave.
    #[must_use]
    pub fn wrapped(&self) -> &[u8] {
        &self.wrapped
    }

    /// Has the service give the key back.
    ///
    /// # Errors
    /// [`KeyError::Service`] when it refuses or fails, [`KeyError::OtherKey`] when it gives another.
    pub async fn unwrap(&self, service: &dyn KeyService) -> Result<DataKey, KeyError> {
        let failed = |source| KeyError::Service { verb: "unwrap", key: self.id, source };
        let bytes = service.unwrap(&self.wrapped).await.map_err(failed)?;
        let key = DataKey::from_bytes(&bytes).map_err(|_| KeyError::OtherKey(self.id))?;
        if key.id() == self.id { Ok(key) } else { Err(KeyError::OtherKey(self.id)) }
    }
}

impl DataKey {
    /// Has the service wrap the key, to be stored.
    ///
    /// # Errors
    /// [`KeyError::Service`] when it refuses or fails.
    pub async fn wrap(&self, service: &dyn KeyService) -> Result<WrappedKey, KeyError> {
        let failed = |source| KeyError::Service { verb: "wrap", key: self.id(), source };
        let wrapped = service.wrap(self.bytes()).await.map_err(failed)?;
        Ok(WrappedKey { id: self.id(), wrapped })
    }
}

impl fmt::Display for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.id, BASE64.encode(&self.wrapped))
    }
}

impl Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappedKey({}, {} bytes)", self.id, self.wrapped.len())
    }
}

impl FromStr for WrappedKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (id, wrapped) = text.trim().split_once(':').ok_or(KeyError::NotWrapped)?;
        let wrapped = BASE64.decode(wrapped).map_err(|_| KeyError::NotWrapped)?;
        Ok(Self { id: id.parse()?, wrapped })
    }
}
