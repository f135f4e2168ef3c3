//! SQLite's errors in the cache's terms.

use std::io;
use std::path::Path;

use cache_core::{CacheError, ErrorKind};
use rusqlite::{ErrorCode, ffi};

/// Says what went wrong with the file while `doing` (a participle, "reading").
pub(crate) fn explain(path: &Path, doing: &str, error: rusqlite::Error) -> CacheError {
    let (kind, advice) = classify(&error);
    CacheError::new(kind, format!("{doing} the cache file {} failed: {advice}", path.display()))
        .with_source(error)
}

/// Says what went wrong with a file or folder before SQLite was asked.
pub(crate) fn explain_io(path: &Path, doing: &str, error: io::Error) -> CacheError {
    let (kind, advice) = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            (ErrorKind::PermissionDenied, "this user may not; choose another place or allow it")
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            (ErrorKind::ReadOnly, "the file system is read-only; choose another place")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            (ErrorKind::Full, "no space is left; free some or choose another place")
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            (ErrorKind::InvalidInput, "a part of the path is a file, not a folder")
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidFilename => {
            (ErrorKind::InvalidInput, "this cannot be the path of a file")
        }
        _ => (ErrorKind::Unavailable, "check the path and the file system"),
    };
    CacheError::new(kind, format!("{doing} {} failed: {advice}", path.display())).with_source(error)
}

/// The worker threads are gone, which only happens after a bug ended one of them.
pub(crate) fn workers_gone(path: &Path) -> CacheError {
    let message = format!(
        "the thread that works on the cache file {} has ended; open it again",
        path.display()
    );
    CacheError::new(ErrorKind::Unavailable, message)
}

fn classify(error: &rusqlite::Error) -> (ErrorKind, &'static str) {
    let Some(failure) = error.sqlite_error() else {
        // The tables are STRICT: a column of another type means that the file was tampered with.
        return (ErrorKind::Corrupt, "its contents are not what was written; delete the file");
    };
    match failure.code {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            (ErrorKind::Timeout, "other processes kept it locked for longer than the busy timeout")
        }
        ErrorCode::DatabaseCorrupt => (
            ErrorKind::Corrupt,
            "it is damaged; delete it together with its -wal and -shm files and start anew",
        ),
        ErrorCode::NotADatabase => {
            (ErrorKind::Corrupt, "this is not a cache file; delete it or name another path")
        }
        ErrorCode::DiskFull => (ErrorKind::Full, "no space is left; free some or lower the bound"),
        ErrorCode::SystemIoFailure if is_write(failure.extended_code) => (
            ErrorKind::Full,
            "it could not be written: a quota or size limit is reached, or the device fails",
        ),
        ErrorCode::SystemIoFailure => {
            (ErrorKind::Unavailable, "the file system reported an error; check the device")
        }
        ErrorCode::ReadOnly => {
            (ErrorKind::ReadOnly, "it cannot be written; check its permissions and its folder's")
        }
        ErrorCode::PermissionDenied => {
            (ErrorKind::PermissionDenied, "this user may not; check the permissions")
        }
        ErrorCode::CannotOpen => (
            ErrorKind::PermissionDenied,
            "it, or its -wal or -shm file beside it, cannot be opened or created; check that this \
             user may write both the file and its folder",
        ),
        ErrorCode::TooBig => (ErrorKind::InvalidInput, "a value is larger than SQLite can store"),
        ErrorCode::FileLockingProtocolFailed => (
            ErrorKind::Unavailable,
            "its file system does not lock files properly; use a local disk",
        ),
        ErrorCode::OutOfMemory => (ErrorKind::Unavailable, "no memory is left"),
        _ => (ErrorKind::Other, "SQLite refused"),
    }
}

fn is_write(extended_code: i32) -> bool {
    matches!(
        extended_code,
        ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_SHMSIZE | ffi::SQLITE_IOERR_TRUNCATE
    )
}
