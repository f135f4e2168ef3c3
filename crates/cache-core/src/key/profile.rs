//! From fields and an input to a key.

use std::fmt;
use std::sync::Arc;

use super::{CacheKey, KeyExplanation, KeyFields, KeySpace};
use crate::provider::{EmbedOptions, ModelIdentity};
use crate::{KeyKind, Scope};

/// A secret that keys are made with, so that somebody who can read the key space cannot find out
/// whether a guessed text is cached. All processes that share a cache need the same one.
#[derive(Clone)]
pub struct KeySecret([u8; 32]);

impl KeySecret {
    /// Derives the secret from a passphrase of any length. It should have at least 128 bits of
    /// entropy; it is not stretched.
    #[must_use]
    pub fn new(passphrase: &[u8]) -> Self {
        Self(blake3::derive_key("cache-core 2026-11-21 key scheme 1 secret", passphrase))
    }
}

impl KeySecret {
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySecret(..)")
    }
}

/// Everything of a key but the input, hashed once: making a key then costs one keyed BLAKE3 of
/// the input.
#[derive(Debug, Clone)]
pub struct KeyProfile {
    space: Arc<KeySpace>,
    fields: KeyFields,
    text_root: [u8; 32],
    bytes_root: [u8; 32],
    keyed: bool,
}

impl KeyProfile {
    /// The profile of these fields in this space.
    ///
    /// # Panics
    /// When the space and the fields are not of one kind, a mistake of the calling service.
    #[must_use]
    pub fn new(space: Arc<KeySpace>, fields: KeyFields, secret: Option<&KeySecret>) -> Self {
        assert_eq!(space.kind(), fields.kind(), "a key space holds entries of one kind");
        let context = fields.kind().context();
        let mut hasher = match secret {
            None => blake3::Hasher::new_derive_key(context),
            Some(secret) => blake3::Hasher::new_keyed(&secret.0),
        };
        if secret.is_some() {
            // The keyed mode takes no context of its own.
            hasher.update(&(context.len() as u64).to_le_bytes());
            hasher.update(context.as_bytes());
        }
        hasher.update(&fields.encode());
        let mut roots = [0u8; 64];
        hasher.finalize_xof().fill(&mut roots);
        let (text_root, bytes_root) = split_roots(&roots);
        Self { space, fields, text_root, bytes_root, keyed: secret.is_some() }
    }

    /// The profile of embeddings made by `model` under `options`, for `scope`.
    ///
    /// `normalizer` names what is done to every text before it is hashed and embedded, `loss` how
    /// vectors are rounded when they are stored: who wants exact ones must not be given others'
    /// rounded ones.
    #[must_use]
    pub fn embedding(
        space: Arc<KeySpace>,
        scope: &Scope,
        model: &ModelIdentity,
        options: &EmbedOptions,
        normalizer: Option<&str>,
        loss: Option<&str>,
        secret: Option<&KeySecret>,
    ) -> Self {
        let fields = KeyFields::new(KeyKind::Embedding)
            .with("scope", scope)
            .with_model(model)
            .with("model dimensions", model.dimensions)
            .with("requested dimensions", options.dimensions)
            .with("normalized", model.normalized)
            .with("input kind", options.input_kind.map(|kind| kind.as_str()))
            .with("text normalizer", normalizer)
            .with("loss", loss);
        Self::new(space, fields, secret)
    }

    /// The profile of `model`'s answers, for `scope`. Their inputs are requests in
    /// [canonical form](super::CanonicalJson).
    #[must_use]
    pub fn response(
        space: Arc<KeySpace>,
        scope: &Scope,
        model: &ModelIdentity,
        secret: Option<&KeySecret>,
    ) -> Self {
        let fields = KeyFields::new(KeyKind::Response).with("scope", scope).with_model(model);
        Self::new(space, fields, secret)
    }

    /// The profile of records of which model answers for this provider. A record is not text: its
    /// input is empty, or says which service's it is.
    #[must_use]
    pub fn model_record(
        space: Arc<KeySpace>,
        model: &ModelIdentity,
        secret: Option<&KeySecret>,
    ) -> Self {
        let fields = KeyFields::new(KeyKind::Model)
            .with("provider", model.provider.as_str())
            .with("endpoint", model.endpoint.clone())
            .with("deployment", model.deployment.clone())
            .with("model", model.model.as_str());
        Self::new(space, fields, secret)
    }

    /// What is hashed apart from the input.
    #[must_use]
    pub fn fields(&self) -> &KeyFields {
        &self.fields
    }

    /// Where the keys live.
    #[must_use]
    pub fn space(&self) -> &Arc<KeySpace> {
        &self.space
    }

    /// The key of this text: exactly as it is, not trimmed, not lower-cased.
    #[must_use]
    pub fn key(&self, text: &str) -> CacheKey {
        self.keyed_hash(&self.text_root, text.as_bytes())
    }

    /// The key of an input that is not text. Differs from the key of a text of the same bytes.
    #[must_use]
    pub fn key_of_bytes(&self, input: &[u8]) -> CacheKey {
        self.keyed_hash(&self.bytes_root, input)
    }

    fn keyed_hash(&self, root: &[u8; 32], input: &[u8]) -> CacheKey {
        CacheKey::new(Arc::clone(&self.space), *blake3::keyed_hash(root, input).as_bytes())
    }

    /// What makes the key of this text.
    #[must_use]
    pub fn explain(&self, text: &str) -> KeyExplanation {
        let digest = blake3::hash(text.as_bytes()).to_hex();
        KeyExplanation {
            key: self.key(text).to_string(),
            fields: self.fields.iter().map(|(name, value)| (name, value.clone())).collect(),
            input_bytes: text.len(),
            input_digest: (!self.keyed).then(|| digest[..16].to_owned()),
        }
    }
}

fn split_roots(roots: &[u8; 64]) -> ([u8; 32], [u8; 32]) {
    let (mut text, mut bytes) = ([0u8; 32], [0u8; 32]);
    text.copy_from_slice(&roots[..32]);
    bytes.copy_from_slice(&roots[32..]);
    (text, bytes)
}
