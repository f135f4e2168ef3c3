//! What the keys of an index are called: `{namespace}:vec:{…}:part`, with the name in the braces, so
//! that a cluster keeps all of them in one slot. A part of an index has a slash and its number
//! behind the name, which no name can hold.

use cache_core::Namespace;
use cache_core::vector::IndexName;

/// What is known of an index that the processes search, behind its name.
const PLAIN: &str = "plain:index";

/// Where an index lies, or a part of it.
#[derive(Debug, Clone)]
pub(super) struct Place(String);

impl Place {
    /// All of it.
    pub(super) fn of(name: &IndexName) -> Self {
        Self(format!("{}:vec:{{{}}}:", name.namespace(), name.as_str()))
    }

    /// One of its parts.
    pub(super) fn part(name: &IndexName, number: usize) -> Self {
        Self(format!("{}:vec:{{{}/{number}}}:", name.namespace(), name.as_str()))
    }

    pub(super) fn key(&self, what: &str) -> Vec<u8> {
        format!("{}{what}", self.0).into_bytes()
    }

    /// The keys of an index that the processes search, in the order in which the scripts take them.
    pub(super) fn plain(&self) -> Vec<Vec<u8>> {
        let others = ["entries", "written", "ends", "gone"].map(|what| format!("plain:{what}"));
        std::iter::once(PLAIN)
            .chain(others.iter().map(String::as_str))
            .map(|k| self.key(k))
            .collect()
    }

    /// What those keys begin with.
    pub(super) fn plain_prefix(&self) -> String {
        format!("{}plain:", self.0)
    }

    /// The text of the schema. Where there is none, there is no index.
    pub(super) fn schema(&self) -> Vec<u8> {
        self.key("schema")
    }
}

/// How an engine keeps an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// In one place, with the schema in a key.
    Whole,
    /// In parts, each with the schema in a key.
    InParts,
    /// In one place, and searched in the processes.
    Plain,
}

impl Kept {
    /// The key by which an index is known, behind its name.
    fn key(self) -> &'static str {
        match self {
            Self::Whole | Self::InParts => "schema",
            Self::Plain => PLAIN,
        }
    }

    /// A pattern of the keys by which the indexes of a namespace are known.
    pub(super) fn pattern(self, namespace: &Namespace) -> String {
        format!("{namespace}:vec:{{*}}:{}", self.key())
    }

    /// The index that is known by this key: a whole index, or one by its first part.
    pub(super) fn index_of(self, namespace: &Namespace, key: &[u8]) -> Option<IndexName> {
        let key = std::str::from_utf8(key).ok()?;
        let rest = key.strip_prefix(namespace.as_str())?.strip_prefix(":vec:{")?;
        let name = rest.strip_suffix(self.key())?.strip_suffix("}:")?;
        let name = if self == Self::InParts { name.strip_suffix("/0")? } else { name };
        IndexName::new(namespace.clone(), name).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::slot_of;

    #[test]
    fn keys_are_read_back_and_share_a_slot() {
        let namespace = Namespace::new("app").unwrap();
        let name = IndexName::new(namespace.clone(), "a-1").unwrap();
        let (whole, part) = (Place::of(&name), Place::part(&name, 0));
        assert_eq!(whole.schema(), b"app:vec:{a-1}:schema");
        assert_eq!(part.schema(), b"app:vec:{a-1/0}:schema");
        assert_eq!(slot_of(&whole.schema()), slot_of(&whole.key("e:{x}")));
        let of = |kept: Kept, key: &[u8]| kept.index_of(&namespace, key);
        assert_eq!(of(Kept::Whole, &whole.schema()), Some(name.clone()));
        assert_eq!(of(Kept::InParts, &whole.schema()), None);
        assert_eq!(of(Kept::InParts, &part.schema()), Some(name.clone()));
        assert_eq!(of(Kept::Whole, &part.schema()), None);
        assert_eq!(of(Kept::Whole, b"app2:vec:{a}:schema"), None);

        let plain = whole.plain();
        assert_eq!(plain[0], b"app:vec:{a-1}:plain:index");
        let prefix = whole.plain_prefix();
        let belongs = |key: &Vec<u8>| {
            slot_of(key) == slot_of(&plain[0]) && key.starts_with(prefix.as_bytes())
        };
        assert!(plain.iter().all(belongs));
        assert_eq!(of(Kept::Plain, &plain[0]), Some(name));
        assert_eq!(of(Kept::Plain, &plain[1]), None);
        assert_eq!((of(Kept::Plain, &whole.schema()), of(Kept::Whole, &plain[0])), (None, None));
        assert_eq!(Kept::Plain.pattern(&namespace), "app:vec:{*}:plain:index");
    }
}
