//! Why a model's folder could not be opened.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use cache_core::BoxError;

/// A model could not be opened or exported. Every message names the file and what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenModelError {
    /// A file or the folder itself is not there.
    #[error("{} is missing: {advice}", path.display())]
    Missing {
        /// What was looked for.
        path: PathBuf,
        /// How to get it.
        advice: String,
    },
    /// The operating system would not let it be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The operating system would not let it be written.
    #[error("{} cannot be written: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not what its name says, or only a part of it is there.
    #[error("{} is damaged ({what}): download the model again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// The error underneath.
        #[source]
        source: Option<BoxError>,
    },
    /// The model is sound but asks for something that is not implemented here.
    #[error("{} {what}", path.display())]
    Unsupported {
        /// The file that asks for it.
        path: PathBuf,
        /// What it asks for, and what would work.
        what: String,
    },
    /// Two files of the folder contradict each other, or a file and the options.
    #[error("{} {what}", path.display())]
    Mismatch {
        /// The file in which it was noticed.
        path: PathBuf,
        /// The contradiction.
        what: String,
    },
}

impl OpenModelError {
    pub(super) fn missing(path: &Path, advice: impl Into<String>) -> Self {
        Self::Missing { path: path.to_owned(), advice: advice.into() }
    }

    pub(super) fn unreadable(path: &Path, source: io::Error) -> Self {
        Self::Unreadable { path: path.to_owned(), source }
    }

    pub(super) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), what: what.into(), source: None }
    }

    pub(super) fn damaged_by(
        path: &Path,
        what: impl Into<String>,
        source: impl Into<BoxError>,
    ) -> Self {
        Self::Damaged { path: path.to_owned(), what: what.into(), source: Some(source.into()) }
    }

    pub(super) fn unsupported(path: &Path, what: impl Into<String>) -> Self {
        Self::Unsupported { path: path.to_owned(), what: what.into() }
    }

    pub(super) fn mismatch(path: &Path, what: impl Into<String>) -> Self {
        Self::Mismatch { path: path.to_owned(), what: what.into() }
    }
}

/// Loads a file by a library that may panic on what it does not expect.
pub(super) fn guarded<T>(
    path: &Path,
    load: impl FnOnce() -> Result<T, OpenModelError>,
) -> Result<T, OpenModelError> {
    catch_unwind(AssertUnwindSafe(load))
        .unwrap_or_else(|_| Err(OpenModelError::damaged(path, "nothing can be made of it")))
}
