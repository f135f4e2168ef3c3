//! Places that this user may not write, and disks that are full. Each needs a process of its own.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use cache_core::vector::{IndexSchema, VectorEntry, VectorIndex, VectorStore};
use cache_core::{CacheBackend, CacheBackendExt, ErrorKind, PutOptions};
use cache_embedded::EmbeddedBackend;
use cache_test_support::{Process, say};
use support::{all_ids, entry, key, role};

/// Nobody's user id on Linux.
const NOBODY: u32 = 65_534;

/// A folder everybody may enter, with a copy of this test in it that everybody may run.
fn open_to_all() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("test");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    fs::set_permissions(&program, Permissions::from_mode(0o755)).unwrap();
    (folder, program)
}

/// The program, run by a user whom permissions bind.
fn unprivileged(program: &Path) -> Command {
    let mut command = Command::new(program);
    if fs::metadata(program).unwrap().uid() == 0 {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// In the other process: opens the file and says what came of it.
async fn say_what_comes_of_opening(file: &Path) {
    let error = EmbeddedBackend::open(file).await.unwrap_err();
    assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
    say(error.kind().as_str());
}

#[tokio::test]
async fn a_folder_without_permission_is_told() {
    if let Some((file, _)) = role() {
        return say_what_comes_of_opening(&file).await;
    }
    let (folder, program) = open_to_all();
    let locked = folder.path().join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, Permissions::from_mode(0o555)).unwrap();
    let test = "a_folder_without_permission_is_told";
    let mut child =
        Process::start_by(unprivileged(&program), test, "opener", &[&locked.join("cache.db")]);
    assert_eq!(child.hear(), ErrorKind::PermissionDenied.as_str());
    child.finish();
}

#[tokio::test]
async fn a_read_only_file_is_told() {
    if let Some((file, _)) = role() {
        return say_what_comes_of_opening(&file).await;
    }
    let (folder, program) = open_to_all();
    let file = folder.path().join("cache.db");
    let backend = EmbeddedBackend::open(&file).await.unwrap();
    backend.put_many(&[entry("k", 10)], &PutOptions::default()).await.unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o444)).unwrap();
    let mut child =
        Process::start_by(unprivileged(&program), "a_read_only_file_is_told", "opener", &[&file]);
    assert_eq!(child.hear(), ErrorKind::ReadOnly.as_str());
    child.finish();
}

#[tokio::test]
async fn a_file_in_a_read_only_folder_is_told() {
    if let Some((file, _)) = role() {
        return say_what_comes_of_opening(&file).await;
    }
    let (folder, program) = open_to_all();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let file = inner.join("cache.db");
    drop(EmbeddedBackend::open(&file).await.unwrap());
    // SQLite's side files are gone with the last connection, and cannot be made again.
    support::closed(&file);
    fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
    fs::set_permissions(&inner, Permissions::from_mode(0o555)).unwrap();
    let test = "a_file_in_a_read_only_folder_is_told";
    let mut child = Process::start_by(unprivileged(&program), test, "opener", &[&file]);
    assert_eq!(child.hear(), ErrorKind::ReadOnly.as_str());
    child.finish();
}

/// A process for which a file may have 2 to 4 MB, as shells differ in their units. Beyond, writing
/// fails as it does on a disk without space or quota.
fn start_limited(test: &str, file: &Path) -> Process {
    let mut limited = Command::new("sh");
    let program = std::env::current_exe().unwrap();
    limited.args(["-c", "trap '' XFSZ; ulimit -f 4000; exec \"$0\" \"$@\""]).arg(program);
    Process::start_by(limited, test, "filler", &[file])
}

#[tokio::test]
async fn a_full_disk_is_told_and_survived() {
    if let Some((file, _)) = role() {
        return fill_the_disk(&file).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    start_limited("a_full_disk_is_told_and_survived", &file).finish();

    let backend = EmbeddedBackend::open(&file).await.unwrap();
    assert!(backend.get(&key(0)).await.unwrap().is_some());
    backend.put_many(&[entry("after", 10_000)], &PutOptions::default()).await.unwrap();
    drop(backend);
    support::assert_sound(&file);
}

#[tokio::test]
async fn a_full_disk_is_told_and_survived_by_vectors() {
    if let Some((file, _)) = role() {
        return fill_the_disk_with_vectors(&file).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    start_limited("a_full_disk_is_told_and_survived_by_vectors", &file).finish();

    let backend = EmbeddedBackend::open(&file).await.unwrap();
    let (index, entry) = large_vector(&backend, 0);
    assert!(all_ids(&*index).await.contains(&"0".to_owned()));
    index.upsert_many(&[entry]).await.unwrap();
    drop((backend, index));
    support::closed(&file);
    support::assert_sound(&file);
}

async fn fill_the_disk_with_vectors(file: &Path) {
    let backend = EmbeddedBackend::open(file).await.unwrap();
    let mut written = Vec::new();
    let error = loop {
        let number = u32::try_from(written.len()).unwrap();
        let (index, entry) = large_vector(&backend, number);
        match index.upsert_many(&[entry]).await {
            Ok(()) => written.push(number.to_string()),
            Err(error) => break error,
        }
        assert!(number < 1_000, "the limit does not work");
    };
    assert_eq!(error.kind(), ErrorKind::Full, "{error}");
    written.sort();
    let (index, _) = large_vector(&backend, 0);
    assert!(!written.is_empty());
    assert_eq!(all_ids(&*index).await, written, "what was written is found, and nothing else");
}

fn large_vector(backend: &EmbeddedBackend, number: u32) -> (Arc<dyn VectorIndex>, VectorEntry) {
    let schema = IndexSchema::new(16_000).unwrap();
    let index = backend.vectors().open(&support::index_name("large"), &schema);
    (index, support::vector(number, &schema))
}

async fn fill_the_disk(file: &Path) {
    let backend = EmbeddedBackend::open(file).await.unwrap();
    let mut written = 0;
    let error = loop {
        match backend.put_many(&[entry(written, 100_000)], &PutOptions::default()).await {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
        assert!(written < 1_000, "the limit does not work");
    };
    assert_eq!(error.kind(), ErrorKind::Full, "{error}");
    assert!(written > 0);
    for i in 0..written {
        assert!(backend.get(&key(i)).await.unwrap().is_some(), "what was written can be read");
    }
    assert!(backend.get(&key(written)).await.unwrap().is_none(), "half an entry was written");
}
