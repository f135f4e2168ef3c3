//! The groups of keys in use, by their prefixes.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use cache_core::{CacheKey, KeySpace};
use tokio::sync::watch;

/// Nobody has as many namespaces, kinds and generations. Keys of further ones are not kept near.
const MOST_SPACES: usize = 4_096;
const MOST_PREFIXES: usize = 256;

/// Length of the last part of a stored key.
const HASH_CHARS: usize = 43;

/// Spaces by the prefix of their keys, and the prefixes by which servers are asked to tell of
/// changes: `{namespace}:{kind}:`, of all generations. Leases and counters are not under them.
pub(super) struct Spaces {
    known: RwLock<HashMap<Box<str>, Known>>,
    prefixes: watch::Sender<Vec<String>>,
}

struct Known {
    space: Arc<KeySpace>,
    /// Number of its prefix.
    prefix: usize,
}

impl Spaces {
    pub(super) fn new() -> Self {
        Self { known: RwLock::default(), prefixes: watch::Sender::default() }
    }

    /// The prefixes to be told about; more come as keys are read.
    pub(super) fn prefixes(&self) -> watch::Receiver<Vec<String>> {
        self.prefixes.subscribe()
    }

    /// The number of the prefix under which a key lies. From now on it is one to be told about.
    pub(super) fn prefix_of(&self, key: &CacheKey) -> Option<usize> {
        let space = key.space();
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let prefix = known.get(space.prefix()).map(|known| known.prefix);
        drop(known);
        prefix.or_else(|| self.add(space))
    }

    fn add(&self, space: &Arc<KeySpace>) -> Option<usize> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_SPACES {
            return None;
        }
        let wanted = format!("{}:{}:", space.namespace(), space.kind().as_str());
        let mut number = None;
        self.prefixes.send_if_modified(|prefixes| {
            number = prefixes.iter().position(|prefix| *prefix == wanted);
            let new = number.is_none() && prefixes.len() < MOST_PREFIXES;
            if new {
                number = Some(prefixes.len());
                prefixes.push(wanted);
            }
            new
        });
        let prefix = number?;
        known.insert(space.prefix().into(), Known { space: Arc::clone(space), prefix });
        Some(prefix)
    }

    /// The key of this stored form, if it is of a space in use.
    pub(super) fn key(&self, stored: &[u8]) -> Option<CacheKey> {
        let (prefix, _) = stored.split_at_checked(stored.len().checked_sub(HASH_CHARS)?)?;
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        CacheKey::parse(&known.get(std::str::from_utf8(prefix).ok()?)?.space, stored)
    }
}

#[cfg(test)]
mod tests {
    use cache_core::{KeyKind, Namespace};

    use super::*;

    fn key(namespace: &str, kind: KeyKind, generation: u32) -> CacheKey {
        let space = KeySpace::new(Namespace::new(namespace).unwrap(), kind, generation);
        CacheKey::new(space, [7; 32])
    }

    #[test]
    fn generations_share_a_prefix_and_kinds_and_namespaces_do_not() {
        let spaces = Spaces::new();
        let numbers = [
            key("a", KeyKind::Embedding, 0),
            key("a", KeyKind::Embedding, 1),
            key("a", KeyKind::Response, 0),
            key("b", KeyKind::Embedding, 0),
            key("a", KeyKind::Embedding, 0),
        ]
        .map(|key| spaces.prefix_of(&key));
        assert_eq!(numbers, [Some(0), Some(0), Some(1), Some(2), Some(0)]);
        assert_eq!(*spaces.prefixes().borrow(), ["a:emb:", "a:resp:", "b:emb:"]);
    }

    #[test]
    fn stored_forms_are_read_back_where_the_space_is_in_use() {
        let spaces = Spaces::new();
        let mine = key("a", KeyKind::Embedding, 3);
        assert_eq!(spaces.key(&mine.to_bytes()), None);
        spaces.prefix_of(&mine);
        assert_eq!(spaces.key(&mine.to_bytes()), Some(mine.clone()));
        assert_eq!(spaces.key(&key("a", KeyKind::Embedding, 4).to_bytes()), None);
        for foreign in [&b""[..], b"a:emb:3:", b"a:emb:3:short", &[0xff; 60]] {
            assert_eq!(spaces.key(foreign), None);
        }
    }

    #[test]
    fn there_is_a_bound() {
        let spaces = Spaces::new();
        let of = |number: usize| spaces.prefix_of(&key(&format!("n{number}"), KeyKind::Model, 0));
        assert!((0..MOST_PREFIXES).all(|number| of(number) == Some(number)));
        assert_eq!(of(MOST_PREFIXES), None);
        assert_eq!(of(3), Some(3));
    }
}
