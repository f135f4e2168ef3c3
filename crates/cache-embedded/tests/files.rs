//! Files that are missing, foreign, damaged, locked or not to be written.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cache_core::vector::{IndexSchema, VectorStore};
use cache_core::{
    AppendOptions, CacheBackend, CacheBackendExt, CacheError, ErrorKind, GetOptions, LogBackend,
    LogGroup, NewRecord, PutOptions, Scope, Ttl,
};
use cache_embedded::{EmbeddedBackend, EmbeddedConfig};
use rusqlite::Connection;
use support::{all_ids, assert_sound, closed, entry, key, millis, namespace, value};

async fn open(file: &Path) -> EmbeddedBackend {
    EmbeddedBackend::open(file).await.unwrap()
}

/// Opening fails; the message names the file.
async fn refused(file: &Path) -> CacheError {
    let error = EmbeddedBackend::open(file).await.unwrap_err();
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(error.to_string().contains(name), "the message does not name the file: {error}");
    error
}

/// A file with 1000 entries of 2 KB that nobody has open.
async fn filled(file: &Path) {
    let backend = open(file).await;
    let entries: Vec<_> = (0..1_000).map(|i| entry(i, 2_000)).collect();
    backend.put_many(&entries, &PutOptions::default()).await.unwrap();
    drop(backend);
    closed(file);
}

#[tokio::test]
async fn folders_are_created_and_entries_stay() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a/b c/?mode=memory/캐시.db");
    let backend = open(&file).await;
    backend.put(key("k"), value(&key("k"), 100), Ttl::FOREVER).await.unwrap();
    drop(backend);
    closed(&file);
    let backend = open(&file).await;
    let found = backend.get(&key("k")).await.unwrap().unwrap();
    assert_eq!(found.bytes(), value(&key("k"), 100).bytes());
    assert!(backend.info().location.ends_with("캐시.db"));
}

#[cfg(unix)]
#[tokio::test]
async fn new_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("new/cache.db");
    let backend = open(&file).await;
    backend.put(key("k"), value(&key("k"), 100), Ttl::FOREVER).await.unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(file.parent().unwrap()), 0o700);
    for suffix in ["", "-wal", "-shm"] {
        let file = PathBuf::from(format!("{}{suffix}", file.display()));
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn a_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(refused(folder.path()).await.kind(), ErrorKind::InvalidInput);
    let error = EmbeddedBackend::open("").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_file_in_place_of_a_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "x").unwrap();
    let error = EmbeddedBackend::open(folder.path().join("file/cache.db")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn an_absurd_bound_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let config = EmbeddedConfig::new(&file).with_max_bytes(0);
    let error = EmbeddedBackend::open_with(config).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(!file.exists());
}

#[tokio::test]
async fn what_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("notes.txt");
    for text in ["hello".to_owned(), "no database, but notes\n".repeat(1_000)] {
        fs::write(&file, &text).unwrap();
        assert_eq!(refused(&file).await.kind(), ErrorKind::Corrupt);
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
}

#[tokio::test]
async fn another_programs_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("theirs.db");
    let theirs = Connection::open(&file).unwrap();
    theirs.execute_batch("CREATE TABLE entries(key, value)").unwrap();
    drop(theirs);
    let before = fs::read(&file).unwrap();
    assert_eq!(refused(&file).await.kind(), ErrorKind::WrongType);
    assert_eq!(fs::read(&file).unwrap(), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was put beside it");
}

#[tokio::test]
async fn a_newer_layout_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    filled(&file).await;
    Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = refused(&file).await;
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("99"));
}

/// Tables that have come with the layouts after the first.
const ADDED: [&str; 2] = [
    "DROP TABLE logs; DROP TABLE records; DROP TABLE lost_records",
    "DROP TABLE vector_indexes; DROP TABLE vectors; DROP TABLE removed_vectors",
];

#[tokio::test]
async fn files_of_older_layouts_keep_their_entries_and_take_what_is_new() {
    for layout in 1..=ADDED.len() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cache.db");
        filled(&file).await;
        let sql = Connection::open(&file).unwrap();
        ADDED[layout - 1..].iter().for_each(|added| sql.execute_batch(added).unwrap());
        sql.pragma_update(None, "user_version", i32::try_from(layout).unwrap()).unwrap();
        drop(sql);
        assert_takes_what_is_new(&file).await;
    }
}

async fn assert_takes_what_is_new(file: &Path) {
    let (one, other) = tokio::join!(open(file), open(file));
    let keys: Vec<_> = (0..1_000).map(key).collect();
    let found = one.get_many(&keys, &GetOptions::default()).await.unwrap();
    assert!(found.iter().all(Option::is_some), "the entries are still there");
    let log = LogGroup::new(namespace(), &Scope::shared(), "owner", None).log("log");
    let payload = "x".into();
    let record = NewRecord { id: "a".to_owned(), weight: 1, pinned: false, payload };
    one.append(&log, &[record], &AppendOptions::new(Ttl::FOREVER)).await.unwrap();
    assert_eq!(other.head(&log).await.unwrap().unwrap().len, 1);
    let schema = IndexSchema::new(4).unwrap();
    let index = one.vectors().open(&support::index_name("new"), &schema);
    index.upsert_many(&[support::vector(1, &schema)]).await.unwrap();
    let of_other = other.vectors().open(index.name(), &schema);
    assert_eq!(all_ids(&*of_other).await, ["1"]);
    drop((one, other, index, of_other));
    closed(file);
    assert_sound(file);
}

#[tokio::test]
async fn clearing_and_evicting_leave_logs_alone() {
    let folder = tempfile::tempdir().unwrap();
    let config = EmbeddedConfig::new(folder.path().join("cache.db")).with_max_bytes(100_000);
    let backend = EmbeddedBackend::open_with(config).await.unwrap();
    let log = LogGroup::new(namespace(), &Scope::shared(), "owner", None).log("log");
    let payload = vec![7; 300_000].into();
    let record = NewRecord { id: "a".to_owned(), weight: 1, pinned: false, payload };
    backend.append(&log, &[record], &AppendOptions::new(Ttl::FOREVER)).await.unwrap();
    let entries: Vec<_> = (0..200).map(|i| entry(i, 2_000)).collect();
    backend.put_many(&entries, &PutOptions::default()).await.unwrap();
    backend.clear_all(&namespace()).await.unwrap();
    assert_eq!(backend.head(&log).await.unwrap().unwrap().bytes, 300_000);
}

/// Expired logs are freed by those who append, a bounded part at a time.
#[tokio::test]
async fn expired_logs_leave_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let backend = open(&file).await;
    let group = LogGroup::new(namespace(), &Scope::shared(), "owner", None);
    let record =
        |i: usize| NewRecord { id: i.to_string(), weight: 1, pinned: false, payload: "x".into() };
    let records: Vec<_> = (0..1_200).map(record).collect();
    let short = AppendOptions::new(millis(1));
    backend.append(&group.log("expiring"), &records, &short).await.unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let lasting = AppendOptions::new(Ttl::FOREVER);
    // In the place of an expired one, too.
    for (i, id) in ["expiring", "b", "c", "d"].iter().enumerate() {
        let made = backend.append(&group.log(id), &[record(i)], &lasting).await.unwrap();
        assert_eq!(made.head.len, 1);
    }
    drop(backend);
    closed(&file);
    let sql = Connection::open(&file).unwrap();
    let count = |table: &str| {
        let statement = format!("SELECT count(*) FROM {table}");
        sql.query_row(&statement, (), |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!((count("logs"), count("records")), (4, 4));
}

#[tokio::test]
async fn a_truncated_file_gives_errors_and_no_wrong_values() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    filled(&file).await;
    let length = fs::metadata(&file).unwrap().len();
    fs::OpenOptions::new().write(true).open(&file).unwrap().set_len(length / 2).unwrap();
    assert_damage_is_told(&file).await;
}

#[tokio::test]
async fn a_damaged_file_gives_errors_and_no_wrong_values() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    filled(&file).await;
    let mut bytes = fs::read(&file).unwrap();
    for page in bytes.chunks_mut(16_384).skip(1).step_by(2) {
        page.fill(0xa5);
    }
    fs::write(&file, bytes).unwrap();
    assert_damage_is_told(&file).await;
}

async fn assert_damage_is_told(file: &Path) {
    let backend = match EmbeddedBackend::open(file).await {
        Ok(backend) => backend,
        Err(error) => return assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}"),
    };
    let mut told = 0;
    for i in 0..1_000 {
        match backend.get(&key(i)).await {
            Ok(None) => {}
            Ok(Some(found)) => assert_eq!(found.bytes(), value(&key(i), 2_000).bytes()),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
                assert!(error.to_string().contains("cache.db"), "{error}");
                told += 1;
            }
        }
    }
    assert!(told > 0, "half of the file is gone and nobody is told");
}

#[tokio::test]
async fn another_process_that_locks_the_file_for_long_is_a_timeout() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let config = EmbeddedConfig::new(&file).with_busy_timeout(Duration::from_millis(200));
    let backend = EmbeddedBackend::open_with(config).await.unwrap();
    backend.put_many(&[entry("before", 10)], &PutOptions::default()).await.unwrap();
    let other = Connection::open(&file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    let start = Instant::now();
    let error = backend.put_many(&[entry("k", 10)], &PutOptions::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.is_retryable());
    let waited = start.elapsed();
    assert!(waited >= Duration::from_millis(200) && waited < Duration::from_secs(3), "{waited:?}");
    assert!(backend.get(&key("before")).await.unwrap().is_some(), "reads wait for nobody");

    let entries = [entry("k", 10)];
    let options = PutOptions::default();
    let (released, put) = tokio::join!(
        async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            other.execute_batch("ROLLBACK")
        },
        backend.put_many(&entries, &options)
    );
    released.unwrap();
    put.expect("a write waits for its turn");
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_deleted_meanwhile_goes_on_working() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let backend = open(&file).await;
    fs::remove_dir_all(folder.path()).unwrap();
    backend.put_many(&[entry("k", 10)], &PutOptions::default()).await.unwrap();
    assert!(backend.get(&key("k")).await.unwrap().is_some());
}

#[tokio::test]
async fn two_handles_of_one_process_share_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let (a, b) = (open(&file).await, open(&file).await);
    a.put_many(&[entry("a", 10)], &PutOptions::default()).await.unwrap();
    b.put_many(&[entry("b", 10)], &PutOptions::default()).await.unwrap();
    drop(a);
    let keys = [key("a"), key("b")];
    let found = b.get_many(&keys, &GetOptions::default()).await.unwrap();
    assert!(found.iter().all(Option::is_some));
    drop(b);
    closed(&file);
    assert_sound(&file);
}
