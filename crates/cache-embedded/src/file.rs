//! The file on the disk, before SQLite opens it.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use cache_core::{CacheError, ErrorKind};

use crate::error::explain_io;

/// Makes sure that there is a file to open, and gives its absolute path.
///
/// A new file is only for its owner: vectors can be turned back into much of their text. SQLite
/// gives its side files the same permissions.
///
/// The file must not be open in this process while this runs: closing any handle of a file drops
/// the POSIX locks that the process has on it, SQLite's included. So nothing but a file that did
/// not exist is ever opened here.
pub(crate) fn provide(path: &Path) -> Result<PathBuf, CacheError> {
    let path = std::path::absolute(path).map_err(|e| explain_io(path, "opening", e))?;
    if path.is_dir() {
        let message = format!("{} is a folder; name a file in it", path.display());
        return Err(CacheError::new(ErrorKind::InvalidInput, message));
    }
    if let Some(folder) = path.parent() {
        private_folders(folder).map_err(|e| explain_io(folder, "creating the folder", e))?;
    }
    match private_file(&path) {
        Ok(()) => Ok(path),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(path),
        Err(e) => Err(explain_io(&path, "creating the cache file", e)),
    }
}

fn private_folders(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn private_file(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
