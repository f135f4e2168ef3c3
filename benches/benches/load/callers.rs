//! Those who ask, each after the other's answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;

use tokio::task::JoinSet;

use crate::setup::Setup;
use crate::traffic::Caller;

pub struct Callers {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<()>,
}

pub fn start(setup: &Setup, count: u64) -> Callers {
    let (stop, mut tasks) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
    for number in 0..count {
        let (mut caller, stop) = (Caller::new(setup, number), Arc::clone(&stop));
        tasks.spawn(async move {
            while !stop.load(Relaxed) {
                let start = Instant::now();
                let kind = caller.ask().await;
                caller.tally.took(kind, start.elapsed());
            }
        });
    }
    Callers { stop, tasks }
}

impl Callers {
    pub async fn stop(mut self) {
        self.stop.store(true, Relaxed);
        while let Some(ended) = self.tasks.join_next().await {
            ended.unwrap();
        }
    }
}
