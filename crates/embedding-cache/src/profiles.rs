//! Key profiles by model name, so that a hit hashes only its text.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use cache_core::KeyProfile;

/// More models than this in one process are not kept; their profiles are made anew.
const MOST: usize = 256;

#[derive(Debug, Default)]
pub(crate) struct Profiles(RwLock<HashMap<String, Arc<KeyProfile>>>);

impl Profiles {
    pub(crate) fn get_or_insert(
        &self,
        model: &str,
        make: impl FnOnce() -> KeyProfile,
    ) -> Arc<KeyProfile> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(model).cloned();
        known.unwrap_or_else(|| {
            let profile = Arc::new(make());
            let mut profiles = self.0.write().unwrap_or_else(PoisonError::into_inner);
            if profiles.len() < MOST {
                profiles.insert(model.to_owned(), Arc::clone(&profile));
            }
            profile
        })
    }
}
