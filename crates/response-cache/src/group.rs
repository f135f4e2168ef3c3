//! Groups of entries that are invalidated together.

use std::sync::Arc;

use cache_core::{
    CacheKey, KeyFields, KeyKind, KeyProfile, KeySecret, KeySpace, LeaseToken, ModelIdentity, Scope,
};

/// Entries that [`ResponseCache::invalidate`](crate::ResponseCache::invalidate) makes invisible
/// together, within the cache's namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Group {
    /// All entries.
    Everything,
    /// Those of this provider and model, as [its identity](cache_core::ChatProvider::identity) says.
    Model(ModelIdentity),
    /// Those of this scope. A scope of one part also stands for all that contain it: invalidating
    /// the tenant `acme` invalidates what its users have.
    Scope(Scope),
    /// Those stored with this [tag](crate::CallOptions::with_tag), of every scope.
    Tag(String),
}

/// What an entry must have been written under to be valid: random, new after each invalidation.
pub(crate) type Id = u128;

/// An identifier that was never used before.
pub(crate) fn new_id() -> Id {
    Id::from_le_bytes(*LeaseToken::unique().as_bytes())
}

/// Where the identifiers of tags are stored: made once, since a call may have many.
pub(crate) fn tags(space: &Arc<KeySpace>, secret: Option<&KeySecret>) -> KeyProfile {
    let fields = KeyFields::new(KeyKind::Generation).with("group", "tag");
    KeyProfile::new(Arc::clone(space), fields, secret)
}

impl Group {
    /// Where the group's identifier is stored.
    pub(crate) fn key(&self, space: &Arc<KeySpace>, secret: Option<&KeySecret>) -> CacheKey {
        let fields = KeyFields::new(KeyKind::Generation);
        let fields = match self {
            Self::Everything => fields.with("group", "everything"),
            Self::Model(model) => fields.with("group", "model").with_model(model),
            Self::Scope(scope) => fields.with("group", "scope").with("scope", scope),
            Self::Tag(tag) => return tags(space, secret).key(tag),
        };
        KeyProfile::new(Arc::clone(space), fields, secret).key_of_bytes(&[])
    }

    /// The groups that every entry of this model and scope belongs to, always in this order.
    pub(crate) fn of(model: &ModelIdentity, scope: &Scope) -> Vec<Self> {
        let mut groups =
            vec![Self::Everything, Self::Model(model.clone()), Self::Scope(scope.clone())];
        if scope.parts().count() > 1 {
            let part = |(name, value)| Self::Scope(Scope::shared().with(name, value));
            groups.extend(scope.parts().map(part));
        }
        groups
    }
}
