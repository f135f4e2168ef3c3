//! Stored forms of keys.

use cache_core::CacheKey;

/// Stored forms of keys, written into one buffer after another.
#[derive(Default)]
pub(crate) struct KeyWriter {
    stored: Vec<u8>,
    lease: Vec<u8>,
}

impl KeyWriter {
    /// `{namespace}:{kind}:{generation}:{hash}`
    pub(crate) fn stored(&mut self, key: &CacheKey) -> &[u8] {
        self.stored.clear();
        key.write_to(&mut self.stored);
        &self.stored
    }

    /// `{namespace}:lease:{kind}:{generation}:{hash}`
    pub(crate) fn lease(&mut self, key: &CacheKey) -> &[u8] {
        let namespace = key.space().namespace().as_str().len();
        self.stored(key);
        let (namespace, rest) = self.stored.split_at(namespace);
        self.lease.clear();
        for part in [namespace, b":lease", rest] {
            self.lease.extend_from_slice(part);
        }
        &self.lease
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cache_core::{KeyKind, KeySpace, Namespace};

    #[test]
    fn a_lease_is_beside_its_entry() {
        let space = KeySpace::new(Namespace::new("app").unwrap(), KeyKind::Embedding, 3);
        let key = CacheKey::new(space, [0; 32]);
        let mut writer = KeyWriter::default();
        let hash = "A".repeat(43);
        assert_eq!(writer.lease(&key), format!("app:lease:emb:3:{hash}").as_bytes());
        assert_eq!(writer.stored(&key), format!("app:emb:3:{hash}").as_bytes());
    }
}
