//! Counters behind the guard. Nobody who is in a hurry waits for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use cache_core::{CacheBackend, CacheError, Counters, ErrorKind, Namespace};

use crate::call::{Call, Late};
use crate::{GuardedBackend, Operation};

impl GuardedBackend {
    async fn on_counters<T: Send + 'static>(
        &self,
        operation: Operation,
        call: Call<T>,
    ) -> Result<T, CacheError> {
        let budget = self.shared.options.budgets.admin;
        self.shared.call(operation, budget, Late::Drop, |_| false, call).await
    }
}

fn of(inner: &Arc<dyn CacheBackend>) -> Result<&dyn Counters, CacheError> {
    inner.counters().ok_or_else(|| {
        CacheError::new(ErrorKind::Unsupported, "the store behind the guard has no counters")
    })
}

#[async_trait]
impl Counters for GuardedBackend {
    async fn add_counters(
        &self,
        namespace: &Namespace,
        deltas: &[(&str, i64)],
    ) -> Result<(), CacheError> {
        let (inner, namespace) = (Arc::clone(&self.shared.inner), namespace.clone());
        let deltas: Vec<_> = deltas.iter().map(|(name, by)| ((*name).to_owned(), *by)).collect();
        let call = Box::pin(async move {
            let deltas: Vec<_> = deltas.iter().map(|(name, by)| (name.as_str(), *by)).collect();
            of(&inner)?.add_counters(&namespace, &deltas).await
        });
        self.on_counters(Operation::Count, call).await
    }

    async fn read_counters(
        &self,
        namespace: &Namespace,
    ) -> Result<BTreeMap<String, i64>, CacheError> {
        let (inner, namespace) = (Arc::clone(&self.shared.inner), namespace.clone());
        let call = Box::pin(async move { of(&inner)?.read_counters(&namespace).await });
        self.on_counters(Operation::Admin, call).await
    }

    async fn reset_counters(&self, namespace: &Namespace) -> Result<(), CacheError> {
        let (inner, namespace) = (Arc::clone(&self.shared.inner), namespace.clone());
        let call = Box::pin(async move { of(&inner)?.reset_counters(&namespace).await });
        self.on_counters(Operation::Admin, call).await
    }
}
