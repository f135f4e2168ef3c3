//! The cache as each scope sees it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use cache_core::{CacheKey, KeyKind, KeyProfile, KeySecret, KeySpace, ModelIdentity, Scope};

use crate::builder::Config;
use crate::group::Group;

/// More scopes than this in one process are not kept; their keys are made anew.
const MOST: usize = 1_024;

/// Keys of one scope.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) profile: KeyProfile,
    /// Where the identifiers are of the groups that every entry of the scope belongs to.
    pub(crate) groups: Vec<CacheKey>,
}

#[derive(Debug)]
pub(super) struct Views {
    responses: Arc<KeySpace>,
    generations: Arc<KeySpace>,
    identity: ModelIdentity,
    secret: Option<KeySecret>,
    known: RwLock<HashMap<Scope, Arc<View>>>,
}

impl Views {
    pub(super) fn new(config: &Config, identity: &ModelIdentity) -> Self {
        let space = |kind| KeySpace::new(config.namespace.clone(), kind, config.generation);
        Self {
            responses: space(KeyKind::Response),
            generations: space(KeyKind::Generation),
            identity: identity.clone(),
            secret: config.secret.clone(),
            known: RwLock::default(),
        }
    }

    pub(super) fn of(&self, scope: &Scope) -> Arc<View> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(scope).cloned();
        known.unwrap_or_else(|| {
            let view = Arc::new(self.make(scope));
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() < MOST {
                known.insert(scope.clone(), Arc::clone(&view));
            }
            view
        })
    }

    fn make(&self, scope: &Scope) -> View {
        let secret = self.secret.as_ref();
        let groups = Group::of(&self.identity, scope);
        View {
            profile: KeyProfile::response(
                Arc::clone(&self.responses),
                scope,
                &self.identity,
                secret,
            ),
            groups: groups.iter().map(|group| self.group(group)).collect(),
        }
    }

    /// Where a group's identifier is.
    pub(super) fn group(&self, group: &Group) -> CacheKey {
        group.key(&self.generations, self.secret.as_ref())
    }

    pub(super) fn tag(&self, tag: &str) -> CacheKey {
        self.group(&Group::Tag(tag.to_owned()))
    }
}
