//! What the tests share: entries, vectors, and running a part of a test in processes of its own.
#![allow(dead_code, clippy::unwrap_used, unreachable_pub)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cache_core::vector::{
    Attributes, IndexName, IndexSchema, VectorEntry, VectorId, VectorIndex, VectorQuery,
};
use cache_core::{
    CacheKey, Embedding, KeyFields, KeyKind, KeyProfile, KeySpace, Namespace, PutEntry,
    StoredValue, Ttl,
};
use cache_test_support::{Process, Role};

pub fn namespace() -> Namespace {
    Namespace::new("test").unwrap()
}

pub fn key(name: impl std::fmt::Display) -> CacheKey {
    let space = KeySpace::new(namespace(), KeyKind::Embedding, 0);
    KeyProfile::new(space, KeyFields::new(KeyKind::Embedding), None).key(&name.to_string())
}

/// A value of this length that only this key has.
pub fn value(key: &CacheKey, bytes: usize) -> StoredValue {
    StoredValue::new(key.hash().repeat(bytes / 32 + 1)[..bytes].to_vec())
}

pub fn entry(name: impl std::fmt::Display, bytes: usize) -> PutEntry {
    let key = key(name);
    PutEntry::new(key.clone(), value(&key, bytes), Ttl::FOREVER)
}

pub fn millis(ms: u64) -> Ttl {
    Ttl::new(Duration::from_millis(ms)).unwrap()
}

pub fn index_name(name: &str) -> IndexName {
    IndexName::new(namespace(), name).unwrap()
}

pub fn vector_id(id: impl std::fmt::Display) -> VectorId {
    VectorId::new(&id.to_string()).unwrap()
}

/// An entry that lives for ever, in a direction that only this number has.
pub fn vector(number: u32, schema: &IndexSchema) -> VectorEntry {
    VectorEntry::new(vector_id(number), direction(number, schema), Ttl::FOREVER)
}

pub fn direction(number: u32, schema: &IndexSchema) -> Embedding {
    let mut state = u64::from(number) + 1;
    let mut next = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f32::from(u16::try_from(state >> 48).unwrap()) - 32_767.5
    };
    Embedding::new((0..schema.dimensions).map(|_| next()).collect::<Vec<_>>()).unwrap()
}

/// The ids and attributes of all entries, in the order of their ids.
pub async fn all_vectors(index: &dyn VectorIndex) -> Vec<(String, Attributes)> {
    let query = VectorQuery::nearest(direction(0, index.schema()), 10_000).with_attributes();
    let found = index.search_many(&[query]).await.unwrap().remove(0);
    let all = found.into_iter().map(|one| (one.id.as_str().to_owned(), one.attributes));
    let mut all: Vec<_> = all.collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

/// The ids of all entries, in their order.
pub async fn all_ids(index: &dyn VectorIndex) -> Vec<String> {
    all_vectors(index).await.into_iter().map(|(id, _)| id).collect()
}

/// The file and the role, when this process was started by [`start`].
pub fn role() -> Option<(PathBuf, String)> {
    let role = Role::of_this_process()?;
    Some((PathBuf::from(&role.given[0]), role.name))
}

/// Starts a process that runs the test in a role at this file.
pub fn start(test: &str, file: &Path, role: impl std::fmt::Display) -> Process {
    Process::start(test, role, &[file])
}

/// Starts this many processes in the roles "0", "1", … and lets them go at once.
pub fn start_together(count: usize, test: &str, file: &Path) -> Vec<Process> {
    let mut processes: Vec<_> = (0..count).map(|i| start(test, file, i)).collect();
    processes.iter_mut().for_each(Process::go);
    processes
}

/// Waits until no connection is left: the last one to close removes the log.
pub fn closed(file: &Path) {
    let log = PathBuf::from(format!("{}-wal", file.display()));
    let start = Instant::now();
    while log.exists() {
        assert!(start.elapsed() < Duration::from_secs(10), "the file is never closed");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Checks the file from outside: sound, and its count of bytes is the sum of the entries.
pub fn assert_sound(file: &Path) {
    let sql = rusqlite::Connection::open(file).unwrap();
    let text = |statement| sql.query_row(statement, (), |row| row.get::<_, String>(0)).unwrap();
    assert_eq!(text("PRAGMA integrity_check"), "ok");
    let number =
        |statement: &str| sql.query_row(statement, (), |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(
        number("SELECT bytes FROM space"),
        number("SELECT ifnull(sum(size), 0) FROM entries"),
        "the count of bytes went wrong"
    );
    for (count, counted) in [
        ("bytes", "(SELECT ifnull(sum(size), 0) FROM vectors WHERE index_id = i.id)"),
        ("removals", "(SELECT count(*) FROM removed_vectors WHERE index_id = i.id)"),
    ] {
        let wrong = format!("SELECT count(*) FROM vector_indexes i WHERE {count} <> {counted}");
        assert_eq!(number(&wrong), 0, "the {count} of an index went wrong");
    }
    assert_eq!(
        number(
            "SELECT count(*) FROM vectors WHERE index_id NOT IN (SELECT id FROM vector_indexes)"
        ),
        0,
        "vectors without an index are left in the file"
    );
    assert_eq!(
        number("SELECT count(*) FROM entries JOIN bodies ON bodies.id = entries.body"),
        number("SELECT count(*) FROM bodies"),
        "values without entries are left in the file"
    );
}
