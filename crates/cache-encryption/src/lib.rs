#![doc = include_str!("../README.md")]

mod backend;
mod binding;
mod envelope;
mod error;
mod frame;
mod key;
mod keyring;
mod leases;
mod log;
mod parallel;
mod sealer;
mod statistics;
mod text;

pub use backend::EncryptedBackend;
pub use binding::Binding;
pub use envelope::{KeyService, KeyServiceError, WrappedKey};
pub use error::KeyError;
pub use frame::{OVERHEAD_BYTES, Unopened};
pub use key::{DataKey, KeyId};
pub use keyring::{Keyring, SharedKeyring};
pub use log::EncryptedLog;
pub use sealer::PlainValues;
pub use statistics::Statistics;
