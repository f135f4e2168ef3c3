//! What many tasks use, off the runtime where that takes long.

use std::num::NonZeroUsize;
use std::sync::{Arc, PoisonError, RwLock};
use std::thread;

use cache_core::{CacheError, ErrorKind};
use tokio::task::{JoinHandle, spawn_blocking};

/// What is done at once, on the thread that asks: reading or writing so many bytes of vectors takes
/// some dozens of microseconds.
const AT_ONCE: usize = 256 << 10;

/// Does work that goes through about so many bytes of vectors: at once if that is soon done, else on
/// a thread for blocking work of the current Tokio runtime. What has begun there goes on when the
/// future is dropped.
///
/// # Errors
/// [`Unavailable`](ErrorKind::Unavailable) when the runtime ends before the work is done.
pub async fn off_runtime<R, F>(bytes: usize, work: F) -> Result<R, CacheError>
where
    R: Send + 'static,
    F: FnOnce() -> R + Send + 'static,
{
    if bytes <= AT_ONCE { Ok(work()) } else { blocked(spawn_blocking(work)).await }
}

/// How many threads a large search may use: all processors.
pub(crate) fn search_threads() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Something that many tasks read and change, such as a [`Scan`](crate::Scan). What is small is done
/// at once where nobody is in the way, and all else on threads for blocking work: no runtime's thread
/// waits for a lock or goes through a large index.
#[derive(Debug, Default)]
pub struct Guarded<T>(RwLock<T>);

impl<T: Send + Sync + 'static> Guarded<T> {
    /// Guards it.
    pub fn new(value: T) -> Self {
        Self(RwLock::new(value))
    }

    /// Reads it; `bytes` says how many bytes of vectors that goes through.
    ///
    /// # Errors
    /// As [`off_runtime`].
    pub async fn read<R, F>(
        self: &Arc<Self>,
        bytes: impl FnOnce(&T) -> usize,
        read: F,
    ) -> Result<R, CacheError>
    where
        R: Send + 'static,
        F: FnOnce(&T) -> R + Send + 'static,
    {
        if let Ok(value) = self.0.try_read()
            && bytes(&value) <= AT_ONCE
        {
            return Ok(read(&value));
        }
        let guarded = Arc::clone(self);
        let blocking = move || read(&guarded.0.read().unwrap_or_else(PoisonError::into_inner));
        blocked(spawn_blocking(blocking)).await
    }

    /// Changes it, likewise. A change that has begun on another thread is made although the future
    /// is dropped.
    ///
    /// # Errors
    /// As [`off_runtime`].
    pub async fn write<R, F>(
        self: &Arc<Self>,
        bytes: impl FnOnce(&T) -> usize,
        write: F,
    ) -> Result<R, CacheError>
    where
        R: Send + 'static,
        F: FnOnce(&mut T) -> R + Send + 'static,
    {
        if let Ok(mut value) = self.0.try_write()
            && bytes(&value) <= AT_ONCE
        {
            return Ok(write(&mut value));
        }
        let guarded = Arc::clone(self);
        let blocking =
            move || write(&mut guarded.0.write().unwrap_or_else(PoisonError::into_inner));
        blocked(spawn_blocking(blocking)).await
    }
}

async fn blocked<R>(task: JoinHandle<R>) -> Result<R, CacheError> {
    match task.await {
        Ok(result) => Ok(result),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(error) => {
            let message = "the runtime ended before the index was searched or changed";
            Err(CacheError::new(ErrorKind::Unavailable, message).with_source(error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_large_leaves_the_thread_that_asks() {
        let here = thread::current().id();
        for (bytes, stays) in [(0, true), (AT_ONCE, true), (AT_ONCE + 1, false)] {
            let guarded = Arc::new(Guarded::new(7));
            let at = off_runtime(bytes, || thread::current().id()).await.unwrap();
            let read = guarded.read(|_| bytes, |value| (*value, thread::current().id()));
            let (value, read_at) = read.await.unwrap();
            let write = |value: &mut i32| {
                *value += 1;
                thread::current().id()
            };
            let written_at = guarded.write(|_| bytes, write).await.unwrap();
            assert_eq!([at, read_at, written_at].map(|at| at == here), [stays; 3], "{bytes}");
            assert_eq!((value, guarded.read(|_| 0, |value| *value).await.unwrap()), (7, 8));
        }
    }
}
