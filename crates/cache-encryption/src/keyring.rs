//! The keys of a store.

use std::fs;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use zeroize::Zeroizing;

use crate::{DataKey, KeyError, KeyId, KeyService, WrappedKey};

/// One active key, which new values are sealed with, and any number of older ones, which are only
/// opened with. It does not change; [`SharedKeyring`] exchanges one for another.
#[derive(Debug, Clone)]
pub struct Keyring {
    active: DataKey,
    older: Vec<DataKey>,
}

impl Keyring {
    /// A ring of one key.
    #[must_use]
    pub fn new(active: DataKey) -> Self {
        Self { active, older: Vec::new() }
    }

    /// Adds a key that values were sealed with earlier, or will be soon: see the
    /// [rotation](crate#rotation).
    ///
    /// # Errors
    /// [`KeyError::Twice`] when the ring has it.
    pub fn with_older(mut self, key: DataKey) -> Result<Self, KeyError> {
        if self.get(key.id()).is_some() {
            return Err(KeyError::Twice(key.id()));
        }
        self.older.push(key);
        Ok(self)
    }

    /// The keys of a text: one to a line, in the forms of [`DataKey::from_text`], the active one
    /// first. Empty lines, and lines that start with `#`, are passed over.
    ///
    /// # Errors
    /// [`KeyError::Line`] for a line that is no key, [`KeyError::Twice`] for a key that is there
    /// twice, [`KeyError::Empty`] when there is none.
    pub fn from_text(text: &str) -> Result<Self, KeyError> {
        let lines = text.lines().map(str::trim).zip(1..);
        let keys = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
        Self::of(keys.map(|(text, line)| {
            DataKey::from_text(text)
                .map_err(|problem| KeyError::Line { line, problem: Box::new(problem) })
        }))
    }

    /// The keys of a file, in the form of [`from_text`](Self::from_text). Reads it once, blocking:
    /// whoever wants a later state of the file reads it again.
    ///
    /// # Errors
    /// [`KeyError::File`] when it cannot be read, and those of [`from_text`](Self::from_text).
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, KeyError> {
        let path = path.as_ref();
        let read = fs::read_to_string(path).map(Zeroizing::new);
        let text = read.map_err(|source| KeyError::File { path: path.to_owned(), source })?;
        Self::from_text(&text)
    }

    /// The keys that a key service has wrapped, the active one first. It is asked for one after the
    /// other.
    ///
    /// # Errors
    /// [`KeyError::Service`] when it refuses or fails, [`KeyError::OtherKey`] when what it gives is
    /// not the key that was wrapped, and as for [`from_text`](Self::from_text).
    pub async fn unwrap(
        service: &dyn KeyService,
        wrapped: &[WrappedKey],
    ) -> Result<Self, KeyError> {
        let mut keys = Vec::with_capacity(wrapped.len());
        for key in wrapped {
            keys.push(key.unwrap(service).await);
        }
        Self::of(keys)
    }

    fn of(keys: impl IntoIterator<Item = Result<DataKey, KeyError>>) -> Result<Self, KeyError> {
        let mut keys = keys.into_iter();
        let active = keys.next().ok_or(KeyError::Empty)??;
        keys.try_fold(Self::new(active), |ring, key| ring.with_older(key?))
    }

    /// The key that new values are sealed with.
    #[must_use]
    pub fn active(&self) -> &DataKey {
        &self.active
    }

    /// The key of this id.
    #[must_use]
    pub fn get(&self, id: KeyId) -> Option<&DataKey> {
        self.keys().find(|key| key.id() == id)
    }

    /// All keys, the active one first.
    pub fn keys(&self) -> impl Iterator<Item = &DataKey> {
        std::iter::once(&self.active).chain(&self.older)
    }
}

/// The ring that is in use now. Clones share it: what is [exchanged](Self::replace) in one is
/// exchanged in all, so that keys are rotated while the program runs.
///
/// # Concurrency
/// A call takes the ring that is in use when it starts, for all of its values.
#[derive(Debug, Clone)]
pub struct SharedKeyring(Arc<RwLock<Arc<Keyring>>>);

impl SharedKeyring {
    /// Shares this ring.
    #[must_use]
    pub fn new(ring: Keyring) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(ring))))
    }

    /// The ring in use.
    #[must_use]
    pub fn current(&self) -> Arc<Keyring> {
        // Nothing panics while the lock is held.
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Uses another ring from the next call on; gives the one that was in use.
    pub fn replace(&self, ring: Keyring) -> Arc<Keyring> {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut current, Arc::new(ring))
    }
}

impl From<Keyring> for SharedKeyring {
    fn from(ring: Keyring) -> Self {
        Self::new(ring)
    }
}
