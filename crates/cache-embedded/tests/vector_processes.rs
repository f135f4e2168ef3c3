//! Several processes at the vector indexes of one file.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cache_core::vector::{IndexSchema, VectorIndex, VectorStore};
use cache_embedded::EmbeddedBackend;
use cache_test_support::{Process, say, wait_for_go};
use support::{all_ids, assert_sound, closed, index_name, role, start_together, vector, vector_id};

fn schema() -> IndexSchema {
    IndexSchema::new(32).unwrap()
}

async fn open(file: &Path) -> Arc<dyn VectorIndex> {
    let backend = EmbeddedBackend::open(file).await.unwrap();
    backend.vectors().open(&index_name("index"), &schema())
}

fn numbered(ids: &[String]) -> BTreeSet<u32> {
    ids.iter().map(|id| id.parse().unwrap()).collect()
}

#[tokio::test]
async fn what_one_has_written_or_removed_the_others_find() {
    const PROCESSES: u32 = 4;
    const EACH: u32 = 60;
    if let Some((file, me)) = role() {
        wait_for_go();
        // The file does not exist at first: all processes create it at the same moment.
        let index = open(&file).await;
        let first = me.parse::<u32>().unwrap() * 1_000;
        for i in first..first + EACH {
            index.upsert_many(&[vector(i, &schema()), vector(i + 500, &schema())]).await.unwrap();
            assert_eq!(index.remove_many(&[vector_id(i + 500)]).await.unwrap(), [true]);
            let mine: BTreeSet<_> = numbered(&all_ids(&*index).await);
            let mine: BTreeSet<_> = mine.range(first..first + 1_000).copied().collect();
            assert_eq!(mine, (first..=i).collect(), "its own writes are found at once");
        }
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let test = "what_one_has_written_or_removed_the_others_find";
    let processes = start_together(PROCESSES as usize, test, &file);
    let index = open(&file).await;
    let mut seen = BTreeSet::new();
    for _ in 0..50 {
        let found = numbered(&all_ids(&*index).await);
        let lasting = |number: &&u32| **number % 1_000 < 500;
        assert!(found.iter().filter(lasting).count() >= seen.len(), "what was there was lost");
        seen = found.iter().filter(lasting).copied().collect();
        assert!(seen.is_subset(&found));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    processes.into_iter().for_each(Process::finish);
    let expected = (0..PROCESSES).flat_map(|p| p * 1_000..p * 1_000 + EACH);
    assert_eq!(numbered(&all_ids(&*index).await), expected.collect());
    drop(index);
    closed(&file);
    assert_sound(&file);
}

#[tokio::test]
async fn an_index_that_another_process_has_made_anew_is_not_the_old_one() {
    if let Some((file, _)) = role() {
        let index = open(&file).await;
        wait_for_go();
        assert!(index.drop_index().await.unwrap());
        // As many changes as the index had before.
        let entries: Vec<_> = (100..110).map(|i| vector(i, &schema())).collect();
        index.upsert_many(&entries).await.unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let index = open(&file).await;
    let entries: Vec<_> = (0..10).map(|i| vector(i, &schema())).collect();
    index.upsert_many(&entries).await.unwrap();
    assert_eq!(numbered(&all_ids(&*index).await), (0..10).collect());
    let test = "an_index_that_another_process_has_made_anew_is_not_the_old_one";
    let mut other = support::start(test, &file, "other");
    other.go();
    other.finish();
    assert_eq!(numbered(&all_ids(&*index).await), (100..110).collect());
}

#[tokio::test]
async fn killed_writers_leave_sound_indexes() {
    if let Some((file, me)) = role() {
        let index = open(&file).await;
        wait_for_go();
        let first = me.parse::<u32>().unwrap() * 1_000_000;
        for i in 0.. {
            let numbers = first + i * 20..first + i * 20 + 20;
            let batch: Vec<_> = numbers.clone().map(|number| vector(number, &schema())).collect();
            index.upsert_many(&batch).await.unwrap();
            let second_half: Vec<_> = numbers.skip(10).map(vector_id).collect();
            index.remove_many(&second_half).await.unwrap();
            if i == 0 {
                say("writing");
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cache.db");
    let mut processes = start_together(3, "killed_writers_leave_sound_indexes", &file);
    for process in &mut processes {
        assert_eq!(process.hear(), "writing");
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    processes.into_iter().for_each(Process::kill);
    let index = open(&file).await;
    let found = numbered(&all_ids(&*index).await);
    for process in 0..3 {
        let acknowledged = process * 1_000_000..process * 1_000_000 + 10;
        assert!(acknowledged.into_iter().all(|number| found.contains(&number)), "lost a write");
    }
    // Of a batch there is all or nothing, whenever its writer was killed.
    let mut batches: Vec<_> = found.iter().map(|number| number / 20).collect();
    batches.dedup();
    for batch in batches {
        let there = found.range(batch * 20..batch * 20 + 20).count();
        assert!(there == 20 || there == 10, "{there} of a batch");
    }
    index.upsert_many(&[vector(7_000_000, &schema())]).await.unwrap();
    assert!(all_ids(&*index).await.contains(&"7000000".to_owned()));
    drop(index);
    closed(&file);
    assert_sound(&file);
}
