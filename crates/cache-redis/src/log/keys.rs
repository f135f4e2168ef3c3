//! What the keys of logs are called.

use cache_core::{LogGroup, LogKey};

/// The keys of a group, and of some of its logs, in the order in which the scripts take them.
pub(super) struct Keys(Vec<String>);

impl Keys {
    pub(super) fn of_group(group: &LogGroup) -> Self {
        Self::of_prefix(&group.prefix())
    }

    /// Those of the group whose names start so.
    pub(super) fn of_prefix(prefix: &str) -> Self {
        Self(vec![format!("{prefix}:logs"), format!("{prefix}:ends")])
    }

    pub(super) fn of_log(log: &LogKey) -> Self {
        Self::of_group(log.group()).and(log)
    }

    /// With those of one more log of the same group.
    pub(super) fn and(mut self, log: &LogKey) -> Self {
        let name = log.name();
        for part in [":records", ":pinned", ":ids", ":lost"] {
            self.0.push(format!("{name}{part}"));
        }
        self.0.insert(self.0.len() - 4, name);
        self
    }

    pub(super) fn names(&self) -> &[String] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cache_core::{Namespace, Scope};

    #[test]
    fn all_share_the_hash_tag() {
        let group = LogGroup::new(Namespace::default(), &Scope::shared(), "owner", None);
        let (one, other) = (group.log("one"), group.log("other"));
        let keys = Keys::of_log(&one).and(&other);
        assert_eq!(keys.names().len(), 12);
        assert_eq!(keys.names()[2], one.name());
        assert_eq!(keys.names()[11], format!("{}:lost", other.name()));
        assert!(keys.names().iter().all(|name| name.starts_with(&group.prefix())));
    }
}
