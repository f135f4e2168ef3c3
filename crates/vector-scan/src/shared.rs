//! An index for many tasks, none of whose threads it holds up.

use std::sync::{Arc, PoisonError, RwLock};

use cache_core::vector::IndexSchema;
use cache_core::{CacheError, ErrorKind};

use crate::Scan;

/// What is done at once, on the thread that asks: reading or writing so many bytes of vectors takes
/// some dozens of microseconds.
const AT_ONCE: usize = 256 << 10;

/// A [`Scan`] that any number of tasks read, or one changes. Clones are the same index.
///
/// What is soon done is done at once. Everything else needs a Tokio runtime, whose threads for
/// blocking work it uses; it takes place even if the future is dropped meanwhile.
#[derive(Debug, Clone)]
pub struct SharedScan(Arc<RwLock<Scan>>);

impl SharedScan {
    /// An empty index.
    #[must_use]
    pub fn new(schema: &IndexSchema) -> Self {
        Self(Arc::new(RwLock::new(Scan::new(schema))))
    }

    /// Reads the index: at once if that is soon done and nobody writes, else on a thread for
    /// blocking work. `passes` says how often it goes through all vectors.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when the runtime ends before.
    pub async fn read<T, F>(&self, passes: usize, read: F) -> Result<T, CacheError>
    where
        T: Send + 'static,
        F: FnOnce(&Scan) -> T + Send + 'static,
    {
        let small = |scan: &Scan| scan.len() * scan.bytes_per_vector() * passes <= AT_ONCE;
        if let Ok(scan) = self.0.try_read()
            && small(&scan)
        {
            return Ok(read(&scan));
        }
        let scan = Arc::clone(&self.0);
        off_the_runtime(move || read(&scan.read().unwrap_or_else(PoisonError::into_inner))).await
    }

    /// Changes the index, likewise. `bytes` are those of the vectors that change.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when the runtime ends before.
    pub async fn write<T, F>(&self, bytes: usize, write: F) -> Result<T, CacheError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Scan) -> T + Send + 'static,
    {
        if bytes <= AT_ONCE
            && let Ok(mut scan) = self.0.try_write()
        {
            return Ok(write(&mut scan));
        }
        let scan = Arc::clone(&self.0);
        let write = move || write(&mut scan.write().unwrap_or_else(PoisonError::into_inner));
        off_the_runtime(write).await
    }

    /// Lets go of the index. Giving back the memory of a large one takes time.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when the runtime ends before.
    pub async fn discard(self) -> Result<(), CacheError> {
        off_the_runtime(move || drop(self)).await
    }
}

async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, CacheError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Ok(result),
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(error) => {
            let message = "the runtime ended before the index was searched or changed";
            Err(CacheError::new(ErrorKind::Unavailable, message).with_source(error))
        }
    }
}
