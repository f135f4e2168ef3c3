//! Vector indexes in a file, by one process.
#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cache_core::vector::{
    AttributeKind, AttributeName, AttributeValue, Attributes, Filter, IndexSchema, Precision,
    VectorEntry, VectorIndex, VectorQuery, VectorStore,
};
use cache_core::{CacheBackend, DiagnoseOptions, ErrorKind, FindingCode, PutOptions};
use cache_embedded::{EmbeddedBackend, EmbeddedConfig};
use rusqlite::Connection;
use support::{
    all_ids, all_vectors, assert_sound, closed, direction, entry, index_name, millis, namespace,
    vector, vector_id,
};
use vector_scan::MemoryVectors;

async fn open(file: &Path) -> EmbeddedBackend {
    EmbeddedBackend::open(file).await.unwrap()
}

fn tag() -> AttributeName {
    AttributeName::new("tag").unwrap()
}

fn schema(dimensions: usize) -> IndexSchema {
    IndexSchema::new(dimensions).unwrap().with_attribute(tag(), AttributeKind::Tags)
}

fn index(backend: &EmbeddedBackend, schema: &IndexSchema) -> Arc<dyn VectorIndex> {
    backend.vectors().open(&index_name("index"), schema)
}

/// Entries of these numbers, with the last digit as their tag.
fn vectors(numbers: std::ops::Range<u32>, schema: &IndexSchema) -> Vec<VectorEntry> {
    let tagged = |number: u32| {
        let tags = AttributeValue::tag((number % 10).to_string());
        vector(number, schema).with_attributes(Attributes::from([(tag(), tags)]))
    };
    numbers.map(tagged).collect()
}

fn names(numbers: std::ops::Range<u32>) -> Vec<String> {
    let mut names: Vec<_> = numbers.map(|number| number.to_string()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn entries_survive_a_restart_until_they_expire() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let backend = open(&file).await;
    let schema = schema(8);
    let mut entries = vectors(0..3, &schema);
    entries[2].ttl = millis(1);
    let handle = index(&backend, &schema);
    handle.upsert_many(&entries).await.unwrap();
    handle.upsert_many(&vectors(7..8, &schema)).await.unwrap();
    assert_eq!(handle.remove_many(&[vector_id(7)]).await.unwrap(), [true]);
    drop(backend);
    assert_eq!(all_ids(&*handle).await.first().unwrap(), "0", "an index keeps the file open");
    drop(handle);
    closed(&file);
    tokio::time::sleep(Duration::from_millis(5)).await;

    let backend = open(&file).await;
    let found = all_vectors(&*index(&backend, &schema)).await;
    let expected = entries[..2].iter().map(|e| (e.id.as_str().to_owned(), e.attributes.clone()));
    assert!(found == expected.collect::<Vec<_>>());
    assert_eq!(backend.vectors().indexes(&namespace()).await.unwrap(), [index_name("index")]);
    assert_eq!(backend.vectors().damaged_rows(), 0);
}

/// An entry that another process knows without an end is replaced by one that ends, and swept before
/// the other process looks.
#[tokio::test]
async fn what_expires_unseen_is_gone_for_everybody() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let (writer, reader) = (open(&file).await, open(&file).await);
    let schema = schema(8);
    let (writer, reader) = (index(&writer, &schema), index(&reader, &schema));
    writer.upsert_many(&vectors(0..2, &schema)).await.unwrap();
    assert_eq!(all_ids(&*reader).await, ["0", "1"]);
    let mut ends = vector(0, &schema);
    ends.ttl = millis(1);
    writer.upsert_many(&[ends]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await;
    writer.upsert_many(&vectors(2..3, &schema)).await.unwrap();
    let sql = Connection::open(&file).unwrap();
    let left: i64 = sql.query_row("SELECT count(*) FROM vectors", (), |row| row.get(0)).unwrap();
    assert_eq!(left, 2, "the expired one was swept");
    assert_eq!(all_ids(&*reader).await, ["1", "2"]);
}

/// Only so many removals are remembered.
#[tokio::test]
async fn who_has_missed_too_many_removals_reads_anew() {
    const MANY: u32 = 10_500;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let (writer, reader) = (open(&file).await, open(&file).await);
    let schema = schema(2);
    let (writer, reader) = (index(&writer, &schema), index(&reader, &schema));
    writer.upsert_many(&vectors(0..MANY, &schema)).await.unwrap();
    let tagged = Filter::tag(tag(), "7");
    assert_eq!(reader.count(&tagged).await.unwrap(), u64::from(MANY / 10));
    let removed: Vec<_> = (0..MANY - 5).map(vector_id).collect();
    writer.remove_many(&removed).await.unwrap();
    assert_eq!(all_ids(&*reader).await, names(MANY - 5..MANY));
    writer.upsert_many(&vectors(1..2, &schema)).await.unwrap();
    assert_eq!(reader.count(&Filter::All).await.unwrap(), 6);
    assert_sound(&file);
    let sql = Connection::open(&file).unwrap();
    let remembered: i64 =
        sql.query_row("SELECT count(*) FROM removed_vectors", (), |row| row.get(0)).unwrap();
    assert!(remembered <= 10_000, "{remembered} removals are kept");
}

/// Searches of an index that is kept, and of one that is too large for that, give what an index in
/// memory gives.
#[tokio::test(flavor = "multi_thread")]
async fn an_index_of_any_size_is_searched_exactly() {
    const COUNT: u32 = 3_000;
    let folder = tempfile::tempdir().unwrap();
    let schema = schema(384);
    let model = MemoryVectors::new(1 << 30).open(&index_name("index"), &schema);
    model.upsert_many(&vectors(0..COUNT, &schema)).await.unwrap();
    let queries: Vec<_> = (0..8)
        .map(|i| {
            let query = VectorQuery::nearest(direction(i * 1_000, &schema), 20 + i as usize);
            let query = query.with_attributes();
            if i % 2 == 0 { query } else { query.with_filter(Filter::tag(tag(), "3")) }
        })
        .collect();
    let expected = model.search_many(&queries).await.unwrap();
    for memory in [1 << 30, 1 << 20] {
        let file = folder.path().join("cache.db");
        let config = EmbeddedConfig::new(&file).with_vector_memory_bytes(memory);
        let backend = EmbeddedBackend::open_with(config).await.unwrap();
        let index = index(&backend, &schema);
        index.upsert_many(&vectors(0..COUNT, &schema)).await.unwrap();
        for _ in 0..2 {
            assert_eq!(index.search_many(&queries).await.unwrap(), expected);
            let tagged = Filter::tag(tag(), "3");
            assert_eq!(index.count(&tagged).await.unwrap(), u64::from(COUNT / 10));
        }
    }
}

/// Indexes that fit into memory one by one and not together.
#[tokio::test]
async fn indexes_take_turns_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let config =
        EmbeddedConfig::new(folder.path().join("cache.db")).with_vector_memory_bytes(100_000);
    let backend = EmbeddedBackend::open_with(config).await.unwrap();
    let schema = schema(64);
    let open = |i: u32| backend.vectors().open(&index_name(&i.to_string()), &schema);
    for i in 0..4 {
        open(i).upsert_many(&vectors(i..i + 60, &schema)).await.unwrap();
    }
    for round in 0..3 {
        for i in 0..4 {
            assert_eq!(all_ids(&*open(i)).await, names(i..i + 60), "{i} in round {round}");
        }
    }
}

#[tokio::test]
async fn damaged_rows_are_skipped_counted_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let schema = schema(8);
    let backend = open(&file).await;
    let handle = index(&backend, &schema);
    handle.upsert_many(&vectors(0..10, &schema)).await.unwrap();
    assert_eq!(all_ids(&*handle).await, names(0..10));
    let sql = Connection::open(&file).unwrap();
    for damage in [
        "UPDATE vectors SET vector = zeroblob(32) WHERE id = '0'",
        "UPDATE vectors SET vector = substr(vector, 2) WHERE id = '1'",
        "UPDATE vectors SET attributes = CAST(replace(attributes, '2', '3') AS BLOB) WHERE id = '2'",
        "UPDATE vectors SET id = '33' WHERE id = '3'",
        "UPDATE vectors SET id = CAST(x'ff34' AS TEXT) WHERE id = '4'",
        "UPDATE vectors SET expires_at = 9000000000000 WHERE id = '5'",
        "UPDATE vectors SET checksum = checksum + 1 WHERE id = '6'",
    ] {
        assert_eq!(sql.execute(damage, ()).unwrap(), 1, "{damage}");
    }

    let fresh = open(&file).await;
    let of_fresh = index(&fresh, &schema);
    assert_eq!(all_ids(&*of_fresh).await, names(7..10));
    assert_eq!(fresh.vectors().damaged_rows(), 7);
    let config = EmbeddedConfig::new(&file).with_vector_memory_bytes(0);
    let poor = EmbeddedBackend::open_with(config).await.unwrap();
    assert_eq!(all_ids(&*index(&poor, &schema)).await, names(7..10));
    assert_eq!(poor.vectors().damaged_rows(), 7);

    let options = DiagnoseOptions::new(namespace()).with_least_free_bytes(0);
    let found = fresh.diagnose(&options).await.unwrap();
    assert_eq!((found.len(), found[0].code), (1, FindingCode::DamagedVectors), "{found:?}");
    assert_eq!((found[0].number("entries"), found[0].number("looked_at")), (Some(7), Some(10)));

    handle.upsert_many(&vectors(0..7, &schema)).await.unwrap();
    assert_eq!(all_ids(&*of_fresh).await, names(0..10), "written again, they are whole");
}

#[tokio::test]
async fn an_index_whose_schema_cannot_be_read_can_be_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let schema = schema(8);
    let backend = open(&file).await;
    let index = index(&backend, &schema);
    index.upsert_many(&vectors(0..3, &schema)).await.unwrap();
    let sql = Connection::open(&file).unwrap();
    sql.execute("UPDATE vector_indexes SET schema = '2;new'", ()).unwrap();
    let query = VectorQuery::nearest(direction(0, &schema), 1);
    assert_eq!(index.search_many(&[query]).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(index.info().await.unwrap_err().kind(), ErrorKind::Corrupt);
    assert!(index.drop_index().await.unwrap());
    index.upsert_many(&vectors(5..6, &schema)).await.unwrap();
    assert_eq!(all_ids(&*index).await, ["5"]);
}

#[tokio::test]
async fn a_dropped_index_gives_its_space_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let schema = schema(256);
    let backend = open(&file).await;
    let index = index(&backend, &schema);
    index.upsert_many(&vectors(0..3_500, &schema)).await.unwrap();
    let used = backend.status().await.unwrap().used_bytes.unwrap();
    assert!(used > 3_500 * 1_024, "vectors count: {used}");
    assert!(index.drop_index().await.unwrap());
    assert_eq!(backend.status().await.unwrap().used_bytes, Some(0));
    drop((backend, index));
    closed(&file);
    assert_sound(&file);
    let length = std::fs::metadata(&file).unwrap().len();
    assert!(length < 500_000, "a file of {length} bytes that holds nothing");
}

/// A process that dies while it frees a dropped index leaves the rest to others.
#[tokio::test]
async fn what_is_left_of_a_dropped_index_is_freed_by_others() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let schema = schema(8);
    let backend = open(&file).await;
    let index = index(&backend, &schema);
    index.upsert_many(&vectors(0..500, &schema)).await.unwrap();
    let sql = Connection::open(&file).unwrap();
    sql.execute("UPDATE vector_indexes SET name = NULL", ()).unwrap();
    assert!(all_ids(&*index).await.is_empty());
    for i in 0..4 {
        index.upsert_many(&vectors(i..i + 1, &schema)).await.unwrap();
    }
    assert_eq!(all_ids(&*index).await, names(0..4));
    let left: i64 = sql.query_row("SELECT count(*) FROM vectors", (), |row| row.get(0)).unwrap();
    assert_eq!(left, 4);
    drop((backend, index, sql));
    closed(&file);
    assert_sound(&file);
}

#[tokio::test]
async fn indexes_of_one_name_in_two_schemas_conflict_until_one_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let (one, other) = (open(&file).await, open(&file).await);
    let full = schema(8);
    let halves = schema(8).with_precision(Precision::Float16);
    let (of_one, of_other) = (index(&one, &full), index(&other, &halves));
    of_one.upsert_many(&vectors(0..2, &full)).await.unwrap();
    assert_eq!(all_ids(&*of_one).await, ["0", "1"]);
    assert_eq!(of_other.create().await.unwrap_err().kind(), ErrorKind::Conflict);
    assert!(of_other.drop_index().await.unwrap());
    assert!(all_ids(&*of_one).await.is_empty(), "dropped by another");
    of_other.upsert_many(&vectors(4..5, &halves)).await.unwrap();
    assert_eq!(of_one.count(&Filter::All).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(all_ids(&*of_other).await, ["4"]);
}

#[tokio::test]
async fn searches_wait_for_no_writer() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let schema = schema(8);
    let config = EmbeddedConfig::new(&file).with_busy_timeout(Duration::from_millis(100));
    let backend = EmbeddedBackend::open_with(config).await.unwrap();
    let index = index(&backend, &schema);
    index.upsert_many(&vectors(0..2, &schema)).await.unwrap();
    let other = Connection::open(&file).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(all_ids(&*index).await, ["0", "1"]);
    let error = index.upsert_many(&vectors(2..3, &schema)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(all_ids(&*index).await, ["0", "1"]);
}

const BOUND: u64 = 1 << 20;

async fn bounded(folder: &tempfile::TempDir) -> EmbeddedBackend {
    let config = EmbeddedConfig::new(folder.path().join("cache.db")).with_max_bytes(BOUND);
    EmbeddedBackend::open_with(config).await.unwrap()
}

async fn put_entries(backend: &EmbeddedBackend, count: usize) {
    let entries: Vec<_> = (0..count).map(|i| entry(i, 2_000)).collect();
    for entries in entries.chunks(50) {
        backend.put_many(entries, &PutOptions::default()).await.unwrap();
        let used = backend.status().await.unwrap().used_bytes.unwrap();
        assert!(used <= BOUND, "{used} bytes in a file of {BOUND}");
    }
}

async fn put_vectors(backend: &EmbeddedBackend, numbers: std::ops::Range<u32>) {
    let schema = schema(256);
    for entries in vectors(numbers, &schema).chunks(50) {
        index(backend, &schema).upsert_many(entries).await.unwrap();
        let used = backend.status().await.unwrap().used_bytes.unwrap();
        assert!(used <= BOUND, "{used} bytes in a file of {BOUND}");
    }
}

/// Bytes of entries, and of vectors.
async fn shares(backend: &EmbeddedBackend) -> (u64, u64) {
    let entries = backend.usage(&namespace()).await.unwrap().bytes;
    let vectors = index(backend, &schema(256)).info().await.unwrap();
    (entries, vectors.map_or(0, |info| info.bytes))
}

#[tokio::test]
async fn entries_and_vectors_are_sure_of_half_of_the_bound_each() {
    let folder = tempfile::tempdir().unwrap();
    let backend = bounded(&folder).await;
    put_vectors(&backend, 0..2_000).await;
    let (_, vectors) = shares(&backend).await;
    assert!(vectors > BOUND * 9 / 10, "alone they may take all, and have {vectors}");
    let kept = all_ids(&*index(&backend, &schema(256))).await.len();
    let kept = u32::try_from(kept).unwrap();
    assert_eq!(
        all_ids(&*index(&backend, &schema(256))).await,
        names(2_000 - kept..2_000),
        "those written first went"
    );

    put_entries(&backend, 1_000).await;
    let (entries, vectors) = shares(&backend).await;
    assert!(entries > BOUND * 45 / 100 && vectors > BOUND * 45 / 100, "{entries}, {vectors}");

    put_vectors(&backend, 2_000..4_000).await;
    let after = shares(&backend).await;
    assert!(after.0 > BOUND * 45 / 100 && after.1 > BOUND * 45 / 100, "{after:?}");
    backend.clear(&namespace(), Default::default(), &Default::default()).await.unwrap();
    assert_eq!(shares(&backend).await, (0, after.1), "clearing the cache leaves vectors alone");
    let file = folder.path().join("cache.db");
    drop(backend);
    closed(&file);
    assert_sound(&file);
}

#[tokio::test]
async fn the_expired_and_the_dropped_go_before_the_living() {
    let folder = tempfile::tempdir().unwrap();
    let backend = bounded(&folder).await;
    let schema = schema(256);
    put_vectors(&backend, 0..300).await;
    let other = backend.vectors().open(&index_name("other"), &schema);
    let mut ending = vectors(0..180, &schema);
    ending.iter_mut().for_each(|entry| entry.ttl = millis(1));
    other.upsert_many(&ending).await.unwrap();
    tokio::time::sleep(Duration::from_millis(5)).await;
    put_vectors(&backend, 300..500).await;
    assert_eq!(all_ids(&*index(&backend, &schema)).await.len(), 500);
}

#[tokio::test]
async fn an_entry_larger_than_half_of_the_bound_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let backend = bounded(&folder).await;
    let kept = AttributeName::new("kept").unwrap();
    let schema = IndexSchema::new(4).unwrap().with_attribute(kept.clone(), AttributeKind::Stored);
    let index = index(&backend, &schema);
    let of = |id, bytes| {
        let large = AttributeValue::Stored(vec![7; bytes].into());
        vector(id, &schema).with_attributes(Attributes::from([(kept.clone(), large)]))
    };
    let error = index.upsert_many(&[of(1, 10), of(2, 300_000)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Full);
    assert!(all_ids(&*index).await.is_empty(), "nothing was written");
    index.upsert_many(&[of(3, 250_000)]).await.unwrap();
    assert_eq!(all_ids(&*index).await, ["3"]);
}
