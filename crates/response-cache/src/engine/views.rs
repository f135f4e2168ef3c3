//! The cache as each scope sees it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use cache_core::{CacheKey, KeyKind, KeyProfile, KeySecret, KeySpace, ModelIdentity, Scope};

use super::generations::Touched;
use crate::builder::Config;
use crate::group::{self, Group};

/// When there are more scopes than this in one process, they are made anew.
const MOST: usize = 16_384;

/// Keys of one scope.
#[derive(Debug)]
pub(crate) struct View {
    pub(crate) profile: KeyProfile,
    /// Where the identifiers are of the groups that every entry of the scope belongs to.
    pub(crate) groups: Vec<CacheKey>,
    pub(super) touched: Touched,
}

#[derive(Debug)]
pub(super) struct Views {
    responses: Arc<KeySpace>,
    generations: Arc<KeySpace>,
    identity: ModelIdentity,
    secret: Option<KeySecret>,
    tags: KeyProfile,
    known: RwLock<HashMap<Scope, Arc<View>>>,
}

impl Views {
    pub(super) fn new(config: &Config, identity: &ModelIdentity) -> Self {
        let space = |kind| KeySpace::new(config.namespace.clone(), kind, config.generation);
        let generations = space(KeyKind::Generation);
        Self {
            responses: space(KeyKind::Response),
            tags: group::tags(&generations, config.secret.as_ref()),
            generations,
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
            if known.len() > MOST {
                known.clear();
            }
            known.insert(scope.clone(), Arc::clone(&view));
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
            touched: Touched::default(),
        }
    }

    /// Where a group's identifier is.
    pub(super) fn group(&self, group: &Group) -> CacheKey {
        group.key(&self.generations, self.secret.as_ref())
    }

    pub(super) fn tag(&self, tag: &str) -> CacheKey {
        self.tags.key(tag)
    }
}
