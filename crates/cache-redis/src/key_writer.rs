//! Stored forms of keys.

use cache_core::CacheKey;

use crate::topology::slot_of;

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

    /// `{namespace}:lease:` and the entry's name in braces, which are part of the name: in a cluster
    /// it is they that put a lease into the slot of its entry.
    pub(crate) fn lease(&mut self, key: &CacheKey) -> &[u8] {
        self.stored(key);
        let namespace = key.space().namespace().as_str();
        self.lease.clear();
        for part in [namespace.as_bytes(), b":lease:{", &self.stored, b"}"] {
            self.lease.extend_from_slice(part);
        }
        &self.lease
    }

    /// The slot of an entry and of its lease.
    pub(crate) fn slot(&mut self, key: &CacheKey) -> u16 {
        slot_of(self.stored(key))
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
        assert_eq!(writer.lease(&key), format!("app:lease:{{app:emb:3:{hash}}}").as_bytes());
        assert_eq!(writer.stored(&key), format!("app:emb:3:{hash}").as_bytes());
        assert_eq!(slot_of(writer.lease(&key)), writer.slot(&key));
    }
}
