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
mod semantic;
mod sharing;
mod stream;
mod views;
mod write;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use cache_core::stats::SharedCounts;
use cache_core::{CacheBackend, CacheError, ChatProvider, LeaseToken, ModelIdentity};
use tokio_util::task::TaskTracker;

pub(crate) use call::{Call, Want};

use crate::builder::Config;
use crate::stats::Recorder;
use crate::{MissCause, span};
use generations::Generations;
use model::Answering;
use price::LastPrice;
use runs::Runs;
use semantic::Stage;
use views::Views;

/// What all handles of one cache share.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) backend: Arc<dyn CacheBackend>,
    pub(crate) provider: Arc<dyn ChatProvider>,
    pub(crate) identity: ModelIdentity,
    pub(crate) config: Config,
    pub(crate) recorder: Arc<SharedCounts<Recorder>>,
    /// Calls of the provider, refreshes and touches that no caller waits for.
    pub(crate) background: TaskTracker,
    views: Views,
    runs: Runs,
    generations: Generations,
    /// Which model answers, where the provider does not know.
    answering: Option<Answering>,
    /// Questions that mean the same.
    stage: Option<Stage>,
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
        let (store, namespace) = (Arc::clone(&backend), config.namespace.clone());
        let recorder = Arc::new(SharedCounts::new(Recorder::default(), store, namespace));
        let background = TaskTracker::new();
        background.close(); // It takes tasks all the same; waiting ends only on a closed one.
        Self {
            views: Views::new(&config, &identity),
            answering: Answering::of(&identity, &config),
            stage: Stage::of(&config),
            backend,
            provider,
            identity,
            config,
            recorder,
            background,
            runs: Runs::default(),
            generations: Generations::default(),
            token: LeaseToken::unique(),
            turn: AtomicUsize::new(0),
            last_price: LastPrice::default(),
        }
    }

    /// Counts a miss of the call under way.
    fn missed(&self, cause: MissCause) {
        self.recorder.miss(cause);
        span::record_cause(cause);
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
