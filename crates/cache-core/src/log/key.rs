//! Where logs live.

use std::fmt;

use crate::{KeySecret, Namespace, Scope};

/// A group of logs that belong to one owner.
///
/// Groups of different scopes, or of owners with different names, never meet: the group is a
/// 128-bit BLAKE3 hash over both, length-prefixed.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LogGroup {
    namespace: Namespace,
    hash: [u8; 16],
}

impl LogGroup {
    /// The group of this owner in this scope. With a secret, who can read the store's keys cannot
    /// test for owners whose names he guesses.
    #[must_use]
    pub fn new(
        namespace: Namespace,
        scope: &Scope,
        owner: &str,
        secret: Option<&KeySecret>,
    ) -> Self {
        let mut hasher = Hasher::new("cache-core 2026-11-22 log scheme 1 group", secret);
        let parts: Vec<_> = scope.parts().collect();
        hasher.number(parts.len());
        for (name, value) in parts {
            hasher.text(name);
            hasher.text(value);
        }
        hasher.text(owner);
        Self { namespace, hash: hasher.finish() }
    }

    /// The log of this id in the group.
    #[must_use]
    pub fn log(&self, id: &str) -> LogKey {
        let mut hasher = Hasher::new("cache-core 2026-11-22 log scheme 1 log", None);
        hasher.0.update(&self.hash);
        hasher.text(id);
        LogKey { group: self.clone(), hash: hasher.finish() }
    }

    /// The application's namespace.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// The 128 bits.
    #[must_use]
    pub fn hash(&self) -> &[u8; 16] {
        &self.hash
    }

    /// What the stored names of all groups of a namespace start with: `{namespace}~log:`.
    #[must_use]
    pub fn prefix_of(namespace: &Namespace) -> String {
        format!("{namespace}~log:")
    }

    /// What every stored name of the group starts with: `{namespace}~log:{hash}`, the hash in braces
    /// so that a cluster keeps the group in one slot. The tilde cannot stand in a namespace: whoever
    /// clears one cannot touch a log.
    #[must_use]
    pub fn prefix(&self) -> String {
        format!("{}{{{}}}", Self::prefix_of(&self.namespace), Hex(&self.hash))
    }
}

/// A log: a group and 128 bits that name the log in it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LogKey {
    group: LogGroup,
    hash: [u8; 16],
}

impl LogKey {
    /// The group it is in.
    #[must_use]
    pub fn group(&self) -> &LogGroup {
        &self.group
    }

    /// The 128 bits.
    #[must_use]
    pub fn hash(&self) -> &[u8; 16] {
        &self.hash
    }

    /// Its stored name: the group's prefix, a colon and the hash.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}:{}", self.group.prefix(), Hex(&self.hash))
    }

    /// 256 bits that nothing else has, to bind stored values to the group: a fork keeps them.
    #[must_use]
    pub fn binding(&self) -> [u8; 32] {
        let mut binding = [0; 32];
        binding[..16].copy_from_slice(&self.group.hash);
        binding
    }
}

impl fmt::Debug for LogGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.prefix())
    }
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

struct Hasher(blake3::Hasher);

impl Hasher {
    fn new(context: &str, secret: Option<&KeySecret>) -> Self {
        let mut hasher = Self(blake3::Hasher::new_derive_key(context));
        hasher.0.update(&[u8::from(secret.is_some())]);
        if let Some(secret) = secret {
            hasher.0.update(secret.bytes());
        }
        hasher
    }

    fn number(&mut self, number: usize) {
        self.0.update(&(number as u64).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len());
        self.0.update(text.as_bytes());
    }

    fn finish(&self) -> [u8; 16] {
        let mut hash = [0; 16];
        self.0.finalize_xof().fill(&mut hash);
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(scope: &Scope, owner: &str) -> LogGroup {
        LogGroup::new(Namespace::default(), scope, owner, None)
    }

    #[test]
    fn scopes_owners_and_ids_do_not_run_into_each_other() {
        let secret = KeySecret::new(b"secret");
        let groups = [
            group(&Scope::shared(), "a"),
            group(&Scope::shared(), "b"),
            group(&Scope::tenant("a"), ""),
            group(&Scope::tenant("a"), "a"),
            group(&Scope::shared().with("tenanta", ""), ""),
            LogGroup::new(Namespace::default(), &Scope::shared(), "a", Some(&secret)),
        ];
        for (i, one) in groups.iter().enumerate() {
            assert!(groups[i + 1..].iter().all(|other| other.hash != one.hash));
            assert!(groups[i + 1..].iter().all(|other| other.log("x").hash != one.log("x").hash));
        }
        assert_ne!(groups[0].log("x"), groups[0].log("y"));
    }

    #[test]
    fn names_are_of_one_slot_and_outside_every_namespace() {
        let log = group(&Scope::shared(), "a").log("x");
        let name = log.name();
        assert!(name.starts_with("cache~log:{") && name.matches('{').count() == 1, "{name}");
        assert!(!name.starts_with(&Namespace::default().prefix()));
        assert!(name.starts_with(&log.group().prefix()));
    }
}
