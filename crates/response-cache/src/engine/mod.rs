//! How a call goes: read, join or start the call of the provider for what is missing, record, store.

mod call;
mod complete;
mod direct;
mod generations;
mod job;
mod lease;
mod model;
mod open;
mod price;
mod read;
mod run;
mod runs;
mod sharing;
mod stream;
mod views;
mod write;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use cache_core::{CacheBackend, CacheError, CacheKey, ChatProvider, LeaseToken, ModelIdentity};
use tokio_util::task::TaskTracker;

pub(crate) use call::{Call, Want};

use crate::builder::Config;
use crate::stats::Recorder;
use generations::Generations;
use model::Answering;
use price::LastPrice;
use runs::Runs;
use views::Views;

/// What all handles of one cache share.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) backend: Arc<dyn CacheBackend>,
    pub(crate) provider: Arc<dyn ChatProvider>,
    pub(crate) identity: ModelIdentity,
    pub(crate) config: Config,
    pub(crate) recorder: Recorder,
    /// Calls of the provider, refreshes and touches that no caller waits for.
    pub(crate) background: TaskTracker,
    views: Views,
    runs: Runs,
    generations: Generations,
    /// Which model answers, where the provider does not know.
    answering: Option<Answering>,
    token: LeaseToken,
    /// Which of several answers is given next.
    turn: AtomicUsize,
    last_price: LastPrice,
}

impl Core {
    pub(crate) fn new(
        backend: Arc<dyn CacheBackend>,
        provider: Arc<dyn ChatProvider>,
        config: Config,
    ) -> Self {
        let identity = provider.identity();
        let background = TaskTracker::new();
        background.close(); // It takes tasks all the same; waiting ends only on a closed one.
        Self {
            views: Views::new(&config, &identity),
            answering: Answering::of(&identity, &config),
            backend,
            provider,
            identity,
            config,
            recorder: Recorder::default(),
            background,
            runs: Runs::default(),
            generations: Generations::default(),
            token: LeaseToken::unique(),
            turn: AtomicUsize::new(0),
            last_price: LastPrice::default(),
        }
    }

    /// Says that a store operation failed and what became of it. The guard has said it louder, once:
    /// while a store is down, every call comes by here.
    fn store_failed(operation: &'static str, error: &CacheError) {
        tracing::debug!(
            operation,
            kind = error.kind().as_str(),
            %error,
            "the cache store failed; going on without it"
        );
    }
}

/// The key of the lease on asking anew for an entry that is there but will not do: the store gives
/// no lease on a key that has a value. The complement of a hash is as good as another hash.
fn companion(key: &CacheKey) -> CacheKey {
    CacheKey::new(Arc::clone(key.space()), key.hash().map(|byte| !byte))
}
