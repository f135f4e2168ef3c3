//! Ciphers on several threads, off the runtime's own where it takes long.

use std::num::NonZeroUsize;
use std::sync::{Arc, OnceLock};

use futures_util::future::join_all;
use tokio::runtime::Handle;

/// So many bytes are worked through where they are: some tens of microseconds.
pub(crate) const FEW_BYTES: usize = 64 << 10;

/// `work` on each item, results in their order; `size` tells an item's bytes.
pub(crate) async fn map<T, R>(
    items: Vec<T>,
    size: impl Fn(&T) -> usize,
    work: impl Fn(&T) -> R + Send + Sync + 'static,
) -> Vec<R>
where
    T: Send + Sync + 'static,
    R: Send + 'static,
{
    let bytes: usize = items.iter().map(size).sum();
    let runtime = Handle::try_current().ok().filter(|_| bytes > FEW_BYTES);
    let Some(runtime) = runtime else { return items.iter().map(work).collect() };
    let parts = threads().min(items.len()).min(bytes.div_ceil(FEW_BYTES));
    let length = items.len().div_ceil(parts);
    let shared = Arc::new((items, work));
    let parts: Vec<_> = (0..shared.0.len()).step_by(length).collect();
    let tasks = parts.iter().map(|&first| {
        let shared = Arc::clone(&shared);
        runtime.spawn_blocking(move || part(&shared.0, &shared.1, first, length))
    });
    let tasks: Vec<_> = tasks.collect();
    let mut results = Vec::with_capacity(shared.0.len());
    for (task, first) in join_all(tasks).await.into_iter().zip(parts) {
        match task {
            Ok(part) => results.extend(part),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The runtime is shutting down and runs nothing on its blocking threads any more.
            Err(_) => results.extend(part(&shared.0, &shared.1, first, length)),
        }
    }
    results
}

fn part<T, R>(items: &[T], work: impl Fn(&T) -> R, first: usize, length: usize) -> Vec<R> {
    items[first..].iter().take(length).map(work).collect()
}

fn threads() -> usize {
    static THREADS: OnceLock<usize> = OnceLock::new();
    *THREADS.get_or_init(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn results_come_in_order_whatever_the_sizes_are() {
        for sizes in [vec![], vec![1; 10], vec![FEW_BYTES; 7], vec![0, FEW_BYTES * 9, 3, 5]] {
            let items: Vec<_> = sizes.iter().copied().enumerate().collect();
            let results = map(items, |item| item.1, |item| item.0).await;
            assert_eq!(results, (0..sizes.len()).collect::<Vec<_>>(), "{sizes:?}");
        }
    }
}
