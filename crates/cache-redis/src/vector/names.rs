//! What the keys of an index are called: `{namespace}:vec:{…}:part`, with the name in the braces, so
//! that a cluster keeps all of them in one slot. A part of an index has a slash and its number
//! behind the name, which no name can hold.

use cache_core::Namespace;
use cache_core::vector::IndexName;

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

    /// The text of the schema. Where there is none, there is no index.
    pub(super) fn schema(&self) -> Vec<u8> {
        self.key("schema")
    }
}

/// A pattern of the keys with the schemas of a namespace.
pub(super) fn schemas(namespace: &Namespace) -> String {
    format!("{namespace}:vec:{{*}}:schema")
}

/// The index whose schema this key has: of a whole index, or of its first part.
pub(super) fn index_of(namespace: &Namespace, key: &[u8], in_parts: bool) -> Option<IndexName> {
    let key = std::str::from_utf8(key).ok()?;
    let rest = key.strip_prefix(namespace.as_str())?.strip_prefix(":vec:{")?;
    let name = rest.strip_suffix("}:schema")?;
    let name = if in_parts { name.strip_suffix("/0")? } else { name };
    IndexName::new(namespace.clone(), name).ok()
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
        assert_eq!(index_of(&namespace, &whole.schema(), false), Some(name.clone()));
        assert_eq!(index_of(&namespace, &whole.schema(), true), None);
        assert_eq!(index_of(&namespace, &part.schema(), true), Some(name));
        assert_eq!(index_of(&namespace, &part.schema(), false), None);
        assert_eq!(index_of(&namespace, b"app2:vec:{a}:schema", false), None);
    }
}
