//! How an index is called.

use std::fmt;
use std::sync::Arc;

use crate::Namespace;

/// The name of an index in a namespace. `Display` gives it as stored: `{namespace}:vec:{name}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IndexName {
    namespace: Namespace,
    name: Arc<str>,
}

impl IndexName {
    /// # Errors
    /// When the name is not 1 to 64 characters of `a-z A-Z 0-9 _ . -`.
    pub fn new(namespace: Namespace, name: &str) -> Result<Self, InvalidIndexName> {
        // A name has the same characters as a namespace: neither can be mistaken for a separator.
        Namespace::new(name).map_err(|_| InvalidIndexName)?;
        Ok(Self { namespace, name: name.into() })
    }

    /// The application's namespace.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// The name within the namespace.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// What everything of the index starts with in a store of keys: the stored form and a colon.
    #[must_use]
    pub fn prefix(&self) -> String {
        format!("{self}:")
    }

    /// The name of a stored form, if it is one of this namespace.
    #[must_use]
    pub fn parse(namespace: &Namespace, stored: &str) -> Option<Self> {
        let name = stored.strip_prefix(namespace.as_str())?.strip_prefix(":vec:")?;
        Self::new(namespace.clone(), name).ok()
    }
}

impl fmt::Display for IndexName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:vec:{}", self.namespace, self.name)
    }
}

/// The text cannot be the name of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name of an index is 1 to 64 characters of a-z A-Z 0-9 _ . -")]
#[non_exhaustive]
pub struct InvalidIndexName;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_forms_are_read_back_and_others_are_not() {
        let namespace = Namespace::new("app").unwrap();
        let name = IndexName::new(namespace.clone(), "prompts-384").unwrap();
        assert_eq!(name.to_string(), "app:vec:prompts-384");
        assert_eq!(IndexName::parse(&namespace, "app:vec:prompts-384"), Some(name));
        for other in ["app2:vec:a", "app:emb:a", "app:vec:", "app:vec:a:b", "app", ""] {
            assert_eq!(IndexName::parse(&namespace, other), None, "{other}");
        }
        assert_eq!(IndexName::new(namespace, "a b"), Err(InvalidIndexName));
    }
}
