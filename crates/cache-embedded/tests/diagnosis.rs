//! What a diagnosis finds, on real files.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use cache_core::{CacheBackend, DiagnoseOptions, FindingCode, PutOptions};
use cache_embedded::{EmbeddedBackend, EmbeddedConfig};
use support::{entry, namespace};

const BOUND: u64 = 1 << 20;

async fn open(folder: &tempfile::TempDir) -> EmbeddedBackend {
    let config = EmbeddedConfig::new(folder.path().join("cache.db")).with_max_bytes(BOUND);
    EmbeddedBackend::open_with(config).await.unwrap()
}

/// A machine that builds has little room, which is not what most of these are about.
fn options() -> DiagnoseOptions {
    DiagnoseOptions::new(namespace()).with_least_free_bytes(0)
}

#[tokio::test]
async fn a_new_file_has_no_findings() {
    let folder = tempfile::tempdir().unwrap();
    let backend = open(&folder).await;
    backend.put_many(&[entry("a", 1_000)], &PutOptions::default()).await.unwrap();
    assert_eq!(backend.diagnose(&options()).await.unwrap(), []);
}

#[tokio::test]
async fn a_file_at_its_bound() {
    let folder = tempfile::tempdir().unwrap();
    let backend = open(&folder).await;
    let entries: Vec<_> = (0..1_000).map(|i| entry(i, 2_000)).collect();
    backend.put_many(&entries, &PutOptions::default()).await.unwrap();
    let found = backend.diagnose(&options()).await.unwrap();
    assert_eq!((found.len(), found[0].code), (1, FindingCode::FileFull), "{found:?}");
    assert_eq!(found[0].number("most"), Some(BOUND));
}

#[tokio::test]
async fn a_file_that_others_can_open() {
    let folder = tempfile::tempdir().unwrap();
    let backend = open(&folder).await;
    fs::set_permissions(folder.path().join("cache.db"), Permissions::from_mode(0o644)).unwrap();
    let found = backend.diagnose(&options()).await.unwrap();
    assert_eq!((found.len(), found[0].code), (1, FindingCode::OpenFile), "{found:?}");
    assert_eq!(found[0].value("mode").unwrap().to_string(), "644");
}

#[tokio::test]
async fn a_disk_with_less_room_than_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let backend = open(&folder).await;
    let greedy = options().with_least_free_bytes(u64::MAX);
    let found = backend.diagnose(&greedy).await.unwrap();
    assert_eq!((found.len(), found[0].code), (1, FindingCode::DiskFull), "{found:?}");
    assert!(found[0].number("bytes").unwrap() > 0);
}

/// Nothing that is written while somebody reads can be put into the file.
#[tokio::test]
async fn a_log_that_a_reader_holds() {
    const MOST: u64 = 6 << 20;
    let folder = tempfile::tempdir().unwrap();
    let backend = open(&folder).await;
    let put = async |name, bytes| {
        backend.put_many(&[entry(name, bytes)], &PutOptions::default()).await.unwrap();
    };
    put("before", 1_000).await;
    let wary = options().with_most_log_bytes(MOST);
    assert_eq!(backend.diagnose(&wary).await.unwrap(), []);
    let reader = rusqlite::Connection::open(folder.path().join("cache.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM entries;").unwrap();
    for round in 0..200 {
        put(if round % 2 == 0 { "even" } else { "odd" }, 50_000).await;
    }
    let found = backend.diagnose(&wary).await.unwrap();
    assert_eq!((found.len(), found[0].code), (1, FindingCode::LargeLog), "{found:?}");
    assert!(found[0].number("bytes").unwrap() > MOST);
    assert_eq!(backend.diagnose(&options()).await.unwrap(), [], "it is far from 128 MiB");
    reader.execute_batch("COMMIT").unwrap();
}
