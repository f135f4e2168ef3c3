//! Whatever is done through two backends at one file, both find what an index in memory finds.
#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use cache_core::vector::{Filter, IndexSchema, VectorIndex, VectorQuery, VectorStore};
use cache_embedded::{EmbeddedBackend, EmbeddedConfig};
use proptest::prelude::*;
use support::{assert_sound, direction, index_name, vector, vector_id};
use vector_scan::MemoryVectors;

#[derive(Debug, Clone)]
enum Step {
    /// By this backend: entries of these ids, each in the direction of a number.
    Write(usize, Vec<(u32, u32)>),
    Remove(usize, Vec<u32>),
    Search(usize, u32),
    Drop(usize),
    Reopen(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let ids = || prop::collection::vec(0..40u32, 0..12);
    prop_oneof![
        6 => (0..2usize, prop::collection::vec((0..40u32, 0..1_000u32), 0..20))
            .prop_map(|(by, entries)| Step::Write(by, entries)),
        4 => (0..2usize, ids()).prop_map(|(by, ids)| Step::Remove(by, ids)),
        6 => (0..2usize, 0..1_000u32).prop_map(|(by, number)| Step::Search(by, number)),
        1 => (0..2usize).prop_map(Step::Drop),
        1 => (0..2usize).prop_map(Step::Reopen),
    ]
}

struct Backends {
    configs: [EmbeddedConfig; 2],
    indexes: [Arc<dyn VectorIndex>; 2],
    model: Arc<dyn VectorIndex>,
}

async fn index(config: &EmbeddedConfig) -> Arc<dyn VectorIndex> {
    let backend = EmbeddedBackend::open_with(config.clone()).await.unwrap();
    backend.vectors().open(&index_name("index"), &schema())
}

fn schema() -> IndexSchema {
    IndexSchema::new(6).unwrap()
}

impl Backends {
    /// One keeps the index in memory, the other reads it from the file as soon as it is large.
    async fn new(file: &std::path::Path) -> Self {
        let rich = EmbeddedConfig::new(file).with_readers(2);
        let poor = rich.clone().with_vector_memory_bytes(5_000);
        let model = MemoryVectors::new(1 << 30).open(&index_name("index"), &schema());
        let indexes = [index(&rich).await, index(&poor).await];
        Self { configs: [rich, poor], indexes, model }
    }

    async fn take(&mut self, step: &Step) {
        match step {
            Step::Write(by, entries) => {
                let entries: Vec<_> = entries
                    .iter()
                    .map(|(id, number)| {
                        let mut entry = vector(*number, &schema());
                        entry.id = vector_id(id);
                        entry
                    })
                    .collect();
                self.indexes[*by].upsert_many(&entries).await.unwrap();
                self.model.upsert_many(&entries).await.unwrap();
            }
            Step::Remove(by, ids) => {
                let ids: Vec<_> = ids.iter().map(vector_id).collect();
                let removed = self.indexes[*by].remove_many(&ids).await.unwrap();
                assert_eq!(removed, self.model.remove_many(&ids).await.unwrap());
            }
            Step::Search(by, number) => self.compare(*by, *number).await,
            Step::Drop(by) => {
                let dropped = self.indexes[*by].drop_index().await.unwrap();
                assert_eq!(dropped, self.model.drop_index().await.unwrap());
            }
            Step::Reopen(which) => self.indexes[*which] = index(&self.configs[*which]).await,
        }
    }

    async fn compare(&self, by: usize, number: u32) {
        let query = |most| VectorQuery::nearest(direction(number, &schema()), most);
        let queries = [query(3), query(100)];
        let found = self.indexes[by].search_many(&queries).await.unwrap();
        assert_eq!(found, self.model.search_many(&queries).await.unwrap());
        let count = self.indexes[by].count(&Filter::All).await.unwrap();
        assert_eq!(count, self.model.count(&Filter::All).await.unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_find_what_an_index_in_memory_finds(steps in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cache.db");
        runtime.block_on(async {
            let mut backends = Backends::new(&file).await;
            for step in &steps {
                backends.take(step).await;
            }
            backends.compare(0, 0).await;
            backends.compare(1, 0).await;
        });
        assert_sound(&file);
    }
}
