//! Sugar over the contract.

use std::future::Future;

use super::{
    CacheBackend, ClearOptions, ClearProgress, GetOptions, PutEntry, PutOptions, StoredValue,
};
use crate::{CacheError, CacheKey, Namespace, Ttl};

/// Single forms of the batch methods, for every backend.
pub trait CacheBackendExt: CacheBackend {
    /// Reads one value.
    fn get(
        &self,
        key: &CacheKey,
    ) -> impl Future<Output = Result<Option<StoredValue>, CacheError>> + Send {
        async move {
            let values = self.get_many(std::slice::from_ref(key), &GetOptions::default()).await?;
            Ok(values.into_iter().next().flatten())
        }
    }

    /// Writes one value.
    fn put(
        &self,
        key: CacheKey,
        value: StoredValue,
        ttl: Ttl,
    ) -> impl Future<Output = Result<(), CacheError>> + Send {
        async move { self.put_many(&[PutEntry::new(key, value, ttl)], &PutOptions::default()).await }
    }

    /// Removes one entry; says whether it was there.
    fn remove(&self, key: &CacheKey) -> impl Future<Output = Result<bool, CacheError>> + Send {
        async move {
            let removed = self.remove_many(std::slice::from_ref(key)).await?;
            Ok(removed.first().copied().unwrap_or(false))
        }
    }

    /// Removes all entries of a namespace; says how many were removed.
    fn clear_all(
        &self,
        namespace: &Namespace,
    ) -> impl Future<Output = Result<u64, CacheError>> + Send {
        async move {
            let mut progress = ClearProgress::default();
            while !progress.is_done() {
                progress = self.clear(namespace, progress, &ClearOptions::default()).await?;
            }
            Ok(progress.removed)
        }
    }
}

impl<T: CacheBackend + ?Sized> CacheBackendExt for T {}
