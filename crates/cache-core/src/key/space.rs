//! Where keys live: namespace, kind and generation, and the key itself.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The part of a store that belongs to one application.
///
/// 1 to 64 characters of `a-z A-Z 0-9 _ . -`. Nothing in it can be mistaken for a separator or
/// for a pattern, so clearing one namespace cannot touch another.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Namespace(Arc<str>);

impl Namespace {
    /// The namespace used where none is given.
    pub const DEFAULT: &'static str = "cache";

    /// # Errors
    /// When the name is empty, longer than 64 characters or holds any other character.
    pub fn new(name: &str) -> Result<Self, InvalidNamespace> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        if name.is_empty() || name.len() > 64 || !name.chars().all(allowed) {
            return Err(InvalidNamespace);
        }
        Ok(Self(name.into()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What every key of the namespace starts with: the name and a colon.
    #[must_use]
    pub fn prefix(&self) -> String {
        format!("{}:", self.0)
    }
}

impl Default for Namespace {
    fn default() -> Self {
        Self(Self::DEFAULT.into())
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name cannot be a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a namespace is 1 to 64 characters of a-z A-Z 0-9 _ . -")]
#[non_exhaustive]
pub struct InvalidNamespace;

/// What an entry is. Part of the readable prefix and of the hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum KeyKind {
    /// An embedding vector.
    Embedding,
    /// A model's answer.
    Response,
    /// Which model answers at a deployment.
    Model,
    /// What the entries of a group (a tag, a scope, …) must have been written under to be valid.
    Generation,
}

impl KeyKind {
    /// How it is written in a key.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Embedding => "emb",
            Self::Response => "resp",
            Self::Model => "model",
            Self::Generation => "gen",
        }
    }

    /// The BLAKE3 context of this kind's profiles. Changing the encoding of any field means a new
    /// version here: old entries are then missed, never misread.
    pub(super) fn context(self) -> &'static str {
        match self {
            Self::Embedding => "cache-core 2026-11-21 key scheme 1 embedding",
            Self::Response => "cache-core 2026-11-21 key scheme 1 response",
            Self::Model => "cache-core 2026-11-21 key scheme 1 model",
            Self::Generation => "cache-core 2026-11-21 key scheme 1 generation",
        }
    }
}

/// The readable prefix of a group of keys: `{namespace}:{kind}:{generation}:`.
///
/// Raising the generation makes every entry written before invisible at once; their space comes
/// back by expiry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySpace {
    namespace: Namespace,
    kind: KeyKind,
    generation: u32,
    prefix: Box<str>,
}

impl KeySpace {
    /// The space of these keys.
    #[must_use]
    pub fn new(namespace: Namespace, kind: KeyKind, generation: u32) -> Arc<Self> {
        let prefix = format!("{namespace}:{}:{generation}:", kind.as_str()).into();
        Arc::new(Self { namespace, kind, generation, prefix })
    }

    /// The application's namespace.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// What the entries are.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The generation that is read and written.
    #[must_use]
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// What every key of the space starts with, colon included.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

/// The key of one entry: a space and 256 bits. Cloning copies a pointer and 32 bytes.
///
/// `Display` gives the key as stored: the space's prefix and the hash in unpadded base64url (43
/// characters).
#[derive(Clone, Debug)]
pub struct CacheKey {
    space: Arc<KeySpace>,
    hash: [u8; 32],
}

impl CacheKey {
    /// A key of this hash. Services get theirs from a [`KeyProfile`](crate::KeyProfile).
    #[must_use]
    pub fn new(space: Arc<KeySpace>, hash: [u8; 32]) -> Self {
        Self { space, hash }
    }

    /// Where the key lives.
    #[must_use]
    pub fn space(&self) -> &Arc<KeySpace> {
        &self.space
    }

    /// The 256 bits.
    #[must_use]
    pub fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// The first 64 bits of the hash, for tables that compare the whole key afterwards.
    #[must_use]
    pub fn short_hash(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.hash;
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    /// The key of the lease on computing a key anew whose value is there but will not do: stores give
    /// no lease on a key that has a value. The complement of a hash is as good as another hash.
    #[must_use]
    pub fn companion(&self) -> Self {
        Self { space: Arc::clone(&self.space), hash: self.hash.map(|byte| !byte) }
    }

    /// Appends the stored form to `out`.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        out.reserve(self.space.prefix.len() + HASH_CHARS);
        out.extend_from_slice(self.space.prefix.as_bytes());
        out.extend_from_slice(&base64url(&self.hash));
    }

    /// The key of a stored form, if it is one of this space.
    #[must_use]
    pub fn parse(space: &Arc<KeySpace>, stored: &[u8]) -> Option<Self> {
        let hash = stored.strip_prefix(space.prefix.as_bytes())?;
        Some(Self { space: Arc::clone(space), hash: from_base64url(hash)? })
    }

    /// The stored form as bytes (all ASCII).
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write_to(&mut out);
        out
    }
}

impl PartialEq for CacheKey {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
            && (Arc::ptr_eq(&self.space, &other.space) || self.space == other.space)
    }
}

impl Eq for CacheKey {}

impl Hash for CacheKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.short_hash());
    }
}

impl fmt::Display for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.space.prefix)?;
        base64url(&self.hash).iter().try_for_each(|&c| fmt::Write::write_char(f, char::from(c)))
    }
}

const HASH_CHARS: usize = 43;

/// RFC 4648 section 5, without padding.
fn base64url(hash: &[u8; 32]) -> [u8; HASH_CHARS] {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = [0u8; HASH_CHARS];
    let mut write = |at: usize, group: &[u8; 3]| {
        let bits = u32::from_be_bytes([0, group[0], group[1], group[2]]);
        for (i, c) in out.iter_mut().skip(at).take(4).enumerate() {
            *c = ALPHABET[((bits >> (18 - 6 * i)) & 63) as usize];
        }
    };
    let (groups, rest) = hash.as_chunks::<3>();
    for (i, group) in groups.iter().enumerate() {
        write(4 * i, group);
    }
    if let [a, b] = rest {
        write(40, &[*a, *b, 0]);
    }
    out
}

/// The inverse of [`base64url`]; anything that it does not give has none.
fn from_base64url(text: &[u8]) -> Option<[u8; 32]> {
    let mut hash = [0u8; 32];
    let (groups, rest) = text.as_chunks::<4>();
    let whole = hash.chunks_exact_mut(3).zip(groups);
    for (out, group) in whole {
        out.copy_from_slice(&bits(group)?.to_be_bytes()[1..]);
    }
    let [a, b, c] = *<&[u8; 3]>::try_from(rest).ok().filter(|_| groups.len() == 10)?;
    let [_, high, low, _] = bits(&[a, b, c, b'A'])?.to_be_bytes();
    hash[30..].copy_from_slice(&[high, low]);
    (base64url(&hash) == text).then_some(hash)
}

/// 24 bits of four characters.
fn bits(group: &[u8; 4]) -> Option<u32> {
    group.iter().try_fold(0, |bits, &c| {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        Some(bits << 6 | u32::from(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_hold_no_separators_or_patterns() {
        for bad in ["", "a:b", "a*", "a?", "[a]", "a b", "한글", "a\n", &"x".repeat(65)] {
            assert_eq!(Namespace::new(bad), Err(InvalidNamespace), "{bad:?}");
        }
        assert_eq!(Namespace::new("my-app_1.x").unwrap().prefix(), "my-app_1.x:");
    }

    #[test]
    fn the_stored_form_is_prefix_and_base64url() {
        let space = KeySpace::new(Namespace::new("app").unwrap(), KeyKind::Embedding, 3);
        let mut hash = [0u8; 32];
        hash.iter_mut().zip(0u8..).for_each(|(b, i)| *b = i.wrapping_mul(37) ^ 0xa5);
        let key = CacheKey::new(space, hash);
        // Python: base64.urlsafe_b64encode(bytes((i*37 & 255) ^ 0xa5 for i in range(32)))
        assert_eq!(key.to_string(), "app:emb:3:pYDvyjEce6aN6NcyGUSjjvXQPxpBrIv23ThnQqmU894");
        assert_eq!(key.to_string().into_bytes(), key.to_bytes());
    }

    #[test]
    fn stored_forms_are_read_back_and_nothing_else_is() {
        let space = KeySpace::new(Namespace::new("app").unwrap(), KeyKind::Embedding, 3);
        for seed in 0..=255u8 {
            let mut hash = [0u8; 32];
            hash.iter_mut().zip(0u8..).for_each(|(b, i)| *b = i.wrapping_mul(seed) ^ seed);
            let key = CacheKey::new(Arc::clone(&space), hash);
            assert_eq!(CacheKey::parse(&space, &key.to_bytes()), Some(key));
        }
        let hash = "pYDvyjEce6aN6NcyGUSjjvXQPxpBrIv23ThnQqmU894";
        let stored = format!("app:emb:3:{hash}");
        assert!(CacheKey::parse(&space, stored.as_bytes()).is_some());
        for bad in [
            String::new(),
            stored[..stored.len() - 1].to_owned(),
            format!("{stored}A"),
            stored.replace("app:", "app2:"),
            stored.replace('y', "+"),
            stored.replace("894", "895"), // bits beyond the hash
        ] {
            assert_eq!(CacheKey::parse(&space, bad.as_bytes()), None, "{bad}");
        }
    }
}
