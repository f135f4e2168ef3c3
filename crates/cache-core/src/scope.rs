//! Whose entries these are.

use std::collections::BTreeMap;

/// The audience of an entry: everybody who shares the namespace, or only a tenant, a user, …
///
/// A scope is a set of named parts and goes into every key, typed and length-prefixed: no two
/// different scopes share an entry, whatever characters their names hold. The order in which parts
/// are added does not matter.
///
/// ```
/// use cache_core::Scope;
/// let acme = Scope::tenant("acme").with("user", "42");
/// assert_ne!(acme, Scope::tenant("acme"));
/// assert_eq!(acme, Scope::shared().with("user", "42").with("tenant", "acme"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope(BTreeMap<String, String>);

impl Scope {
    /// Shared by everybody in the namespace.
    #[must_use]
    pub fn shared() -> Self {
        Self::default()
    }

    /// Only for this tenant.
    pub fn tenant(id: impl Into<String>) -> Self {
        Self::shared().with("tenant", id)
    }

    /// Narrows the scope by one more named part; the same name again replaces the part.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    /// Whether everybody in the namespace shares it.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.0.is_empty()
    }

    /// The parts, ordered by name.
    pub fn parts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}
