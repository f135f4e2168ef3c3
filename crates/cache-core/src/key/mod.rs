//! Keys that cannot be wrong.
//!
//! A key is made in two steps, both BLAKE3 with 256 bits:
//!
//! 1. Everything but the input (scope, provider, endpoint, deployment, model, version, dimensions,
//!    input kind, …) is encoded by [`KeyFields`]: every field with its name, a type tag and a
//!    length prefix, in a fixed order. The digest of that encoding, under a context string that
//!    names the scheme's version and the kind of entry, is a [`KeyProfile`].
//! 2. The exact input is hashed with the profile's digest as BLAKE3's key.
//!
//! Both steps are injective up to a collision of BLAKE3, so two requests share a key only if all
//! their fields and their inputs are the same. The profile is computed once per model, so that a
//! hit costs one keyed hash of its text.

mod fields;
mod json;
mod profile;
mod space;

pub use fields::{FieldDifference, FieldValue, KeyExplanation, KeyFields};
pub use json::CanonicalJson;
pub use profile::{KeyProfile, KeySecret};
pub use space::{CacheKey, InvalidNamespace, KeyKind, KeySpace, Namespace};
