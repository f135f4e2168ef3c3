//! What both wrappers do with a value: seal it, open it, count it.

use std::sync::Arc;

use bytes::Bytes;
use cache_core::{CacheError, ErrorKind};

use crate::frame::{NONCE_BYTES, Nonce, seal};
use crate::statistics::{Recorder, count};
use crate::{Binding, DataKey, Keyring, SharedKeyring, Statistics, Unopened};

/// What happens to values that were stored before they were encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum PlainValues {
    /// They are misses.
    #[default]
    Refuse,
    /// They are read as they are, for the time of a migration. Whoever can write to the store can
    /// then slip values in: end it when the old values have expired.
    Read,
}

#[derive(Debug, Clone)]
pub(crate) struct Sealer {
    keys: SharedKeyring,
    plain: PlainValues,
    recorder: Arc<Recorder>,
}

impl Sealer {
    pub(crate) fn new(keys: SharedKeyring) -> Self {
        Self { keys, plain: PlainValues::default(), recorder: Arc::default() }
    }

    pub(crate) fn with_plain_values(mut self, plain: PlainValues) -> Self {
        self.plain = plain;
        self
    }

    pub(crate) fn statistics(&self) -> Statistics {
        self.recorder.statistics()
    }

    /// For the values of one call that are sealed.
    pub(crate) fn seals(&self, values: usize) -> Result<Seals, CacheError> {
        let nonces = nonces(values)?;
        let key = self.keys.current().active().clone();
        Ok(Seals { key, nonces, recorder: Arc::clone(&self.recorder) })
    }

    /// For the values of one call that are opened.
    pub(crate) fn opener(&self) -> Opener {
        let (ring, recorder) = (self.keys.current(), Arc::clone(&self.recorder));
        Opener { ring, plain: self.plain, recorder }
    }
}

/// All nonces of a call at once: sealing itself cannot fail then, and asks the system for nothing.
fn nonces(values: usize) -> Result<Vec<Nonce>, CacheError> {
    let mut nonces = vec![[0; NONCE_BYTES]; values];
    getrandom::fill(nonces.as_flattened_mut()).map_err(|error| {
        let message = "the operating system gave no random bytes, so nothing can be encrypted";
        CacheError::new(ErrorKind::Other, message).with_source(error)
    })?;
    Ok(nonces)
}

/// Seals to give away, each good for one value.
pub(crate) struct Seals {
    key: DataKey,
    nonces: Vec<Nonce>,
    recorder: Arc<Recorder>,
}

impl Seals {
    /// The next one. There are as many as were asked for.
    pub(crate) fn next(&mut self) -> Seal {
        let nonce = self.nonces.pop().expect("invariant: a seal for each value of the call");
        Seal { key: self.key.clone(), nonce, recorder: Arc::clone(&self.recorder) }
    }
}

/// A key and a nonce that nothing else is sealed with.
#[derive(Clone)]
pub(crate) struct Seal {
    key: DataKey,
    nonce: Nonce,
    recorder: Arc<Recorder>,
}

impl Seal {
    /// To be called for one value only.
    pub(crate) fn seal(&self, place: &Binding<'_>, value: &[u8]) -> Bytes {
        count(&self.recorder.sealed);
        seal(&self.key, &self.nonce, place, value).into()
    }
}

#[derive(Clone)]
pub(crate) struct Opener {
    ring: Arc<Keyring>,
    plain: PlainValues,
    recorder: Arc<Recorder>,
}

impl Opener {
    /// The value, or `None` where it does not open.
    pub(crate) fn open(&self, place: &Binding<'_>, sealed: &Bytes) -> Option<Bytes> {
        match self.ring.open(place, sealed) {
            Ok(value) => {
                count(&self.recorder.opened);
                Some(value.into())
            }
            Err(Unopened::Plain) if self.plain == PlainValues::Read => {
                count(&self.recorder.plain);
                Some(sealed.clone())
            }
            Err(why) => {
                self.recorder.unopened(why);
                None
            }
        }
    }
}
