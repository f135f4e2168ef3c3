//! Building a graph in the background.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, TryLockError};
use std::thread;
use std::time::Duration;

use cache_core::vector::GraphOptions;
use rayon::ThreadPoolBuilder;

use super::codes::Codes;
use super::neighbours::Neighbours;
use crate::guarded::search_threads;
use crate::matrix::Snapshot;

/// Held by the one build of this process that is at work.
static AT_WORK: Mutex<()> = Mutex::new(());
/// So often who waits for that looks whether it is still wanted.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A graph, as soon as it is built. It is built by threads of its own, at most half as many as there
/// are processors, whatever the number of indexes; dropping this stops them.
#[derive(Debug)]
pub(crate) struct Build {
    stop: Arc<AtomicBool>,
    built: Arc<OnceLock<Option<Neighbours>>>,
}

impl Build {
    pub(crate) fn start(snapshot: Snapshot, options: GraphOptions) -> Self {
        let (stop, built) = (Arc::new(AtomicBool::new(false)), Arc::new(OnceLock::new()));
        let (stopping, building) = (Arc::clone(&stop), Arc::clone(&built));
        let work = move || {
            building.set(build(snapshot, options, stopping)).ok();
        };
        if thread::Builder::new().name("vector-graph".to_owned()).spawn(work).is_err() {
            built.set(None).ok();
        }
        Self { stop, built }
    }

    /// Whether nothing more will come.
    pub(crate) fn is_over(&self) -> bool {
        self.built.get().is_some()
    }

    /// The graph, once it is there; it may never be.
    pub(crate) fn graph(&self) -> Option<&Neighbours> {
        self.built.get().and_then(Option::as_ref)
    }
}

impl Drop for Build {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Nothing when it is told to stop, when the graph is no good, and when building fails.
fn build(snapshot: Snapshot, options: GraphOptions, stop: Arc<AtomicBool>) -> Option<Neighbours> {
    // At once, for the snapshot's blocks are copied where they are changed meanwhile.
    let codes = Arc::new(Codes::of_all(snapshot, stop)?);
    let _at_work = turn(&codes)?;
    let threads = ThreadPoolBuilder::new()
        .num_threads((search_threads() / 2).max(1))
        .thread_name(|i| format!("vector-graph-{i}"))
        .build()
        .ok()?;
    let building = || threads.install(|| Neighbours::build(&codes, options));
    catch_unwind(AssertUnwindSafe(building)).ok().flatten()
}

/// Waits until no other graph is built; nothing when it is told to stop.
fn turn(codes: &Codes) -> Option<MutexGuard<'static, ()>> {
    while !codes.is_stopped() {
        match AT_WORK.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => thread::sleep(LOOK_AGAIN),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::matrix::Matrix;

    /// Of directions that have nothing to do with each other, which is the slowest to build of.
    fn matrix(rows: usize) -> Matrix {
        let mut matrix = Matrix::new(64);
        let mut numbers = 7u32;
        let mut next = || {
            numbers = numbers.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (numbers >> 8) as f32 / (1 << 24) as f32 - 0.5
        };
        for _ in 0..rows {
            matrix.push(&(0..64).map(|_| next()).collect::<Vec<_>>());
        }
        matrix
    }

    #[test]
    fn a_build_that_is_dropped_stops_at_once() {
        let options = GraphOptions::new().with_build_effort(1_000);
        let builds: Vec<_> =
            (0..3).map(|_| Build::start(matrix(30_000).snapshot(), options)).collect();
        // One is at work, the others wait for it.
        thread::sleep(Duration::from_millis(500));
        assert!(builds.iter().all(|build| !build.is_over()), "it takes minutes");
        let left: Vec<_> = builds.iter().map(|build| Arc::downgrade(&build.built)).collect();
        drop(builds);
        let start = Instant::now();
        while left.iter().any(|built| built.strong_count() > 0) {
            assert!(start.elapsed() < Duration::from_secs(2), "threads go on");
            thread::sleep(Duration::from_millis(5));
        }
    }
}
