//! Two stores and a model of what both must find.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use cache_core::vector::{
    AttributeName, AttributeValue, Attributes, Filter, VectorEntry, VectorId, VectorIndex,
    VectorQuery, VectorStore,
};
use cache_core::{Embedding, Ttl};
use cache_redis::RedisVectors;
use proptest::prelude::*;
use redis_test_server::TestServer;

use crate::{name, plain, schema};

/// Of few ids and directions, so that most things are done to entries that are there.
#[derive(Debug, Clone)]
enum Step {
    Upsert(Vec<(u8, u8, bool)>),
    Remove(Vec<u8>),
    Search,
    Drop,
    Flush,
    /// A key goes, as by eviction.
    Lose(&'static str),
}

fn steps() -> impl Strategy<Value = Vec<(bool, Step)>> {
    let ids = || 0..6u8;
    let entries = prop::collection::vec((ids(), 0..4u8, any::<bool>()), 0..5);
    let keys = prop::sample::select(&["index", "entries", "written", "gone"][..]);
    let step = prop_oneof![
        8 => entries.prop_map(Step::Upsert),
        6 => prop::collection::vec(ids(), 0..4).prop_map(Step::Remove),
        8 => Just(Step::Search),
        1 => Just(Step::Drop),
        1 => Just(Step::Flush),
        1 => keys.prop_map(Step::Lose),
    ];
    prop::collection::vec((any::<bool>(), step), 1..40)
}

/// What is there: direction and tag by id.
type Model = BTreeMap<u8, (u8, bool)>;

struct Two {
    server: Arc<TestServer>,
    name: String,
    stores: [Arc<dyn VectorIndex>; 2],
}

fn id(number: u8) -> VectorId {
    VectorId::new(&number.to_string()).unwrap()
}

fn tag() -> AttributeName {
    AttributeName::new("tag").unwrap()
}

fn direction(number: u8) -> Embedding {
    let angle = f32::from(number) * 0.3;
    Embedding::new(vec![angle.cos(), angle.sin(), 0.0]).unwrap()
}

fn entry((number, turn, tagged): (u8, u8, bool)) -> VectorEntry {
    let tagged = tagged.then(|| (tag(), AttributeValue::tag("x")));
    VectorEntry::new(id(number), direction(turn), Ttl::seconds(60).unwrap())
        .with_attributes(Attributes::from_iter(tagged))
}

/// The ids in the order of a search along the first axis.
fn expected(model: &Model, tagged_only: bool) -> Vec<String> {
    let passing = model.iter().filter(|(_, (_, tagged))| *tagged || !tagged_only);
    let mut order: Vec<_> = passing.map(|(number, (turn, _))| (*turn, *number)).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, number)| number.to_string()).collect()
}

impl Two {
    async fn step(&self, model: &mut Model, by: usize, step: Step) {
        let index = &*self.stores[by];
        match step {
            Step::Upsert(entries) => {
                let batch: Vec<_> = entries.iter().copied().map(entry).collect();
                index.upsert_many(&batch).await.unwrap();
                model.extend(entries.into_iter().map(|(id, turn, tagged)| (id, (turn, tagged))));
            }
            Step::Remove(ids) => {
                let removed: Vec<_> = ids.iter().map(|id| model.remove(id).is_some()).collect();
                let ids: Vec<_> = ids.into_iter().map(id).collect();
                assert_eq!(index.remove_many(&ids).await.unwrap(), removed);
            }
            Step::Search => self.search(model, by).await,
            Step::Drop => {
                index.drop_index().await.unwrap();
                model.clear();
            }
            Step::Flush => {
                self.server.command(&["FLUSHALL"]);
                model.clear();
            }
            Step::Lose(what) => {
                let key = format!("app:vec:{{{}}}:plain:{what}", self.name);
                let there = self.server.command(&["DEL", &key]) == "1";
                if there && what != "gone" {
                    model.clear();
                }
            }
        }
    }

    async fn search(&self, model: &Model, by: usize) {
        let all = VectorQuery::nearest(direction(0), 100);
        let tagged = all.clone().with_filter(Filter::tag(tag(), "x"));
        let found = self.stores[by].search_many(&[all, tagged]).await.unwrap();
        for (found, tagged_only) in found.iter().zip([false, true]) {
            let found: Vec<_> = found.iter().map(|found| found.id.as_str().to_owned()).collect();
            assert_eq!(found, expected(model, tagged_only));
        }
    }
}

#[test]
fn two_stores_find_what_the_model_finds() {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = Arc::new(TestServer::start());
    let connect = || runtime.block_on(plain(&server.url()));
    let stores: [Arc<RedisVectors>; 2] = [connect(), connect()];
    let config = ProptestConfig { cases: 100, failure_persistence: None, ..Default::default() };
    proptest!(config, |(steps in steps())| {
        let index = format!("model-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let open = |store: &Arc<RedisVectors>| store.open(&name(&index), &schema());
        let stores = [open(&stores[0]), open(&stores[1])];
        let two = Two { server: Arc::clone(&server), name: index.clone(), stores };
        runtime.block_on(async {
            let mut model = Model::new();
            for (by, step) in steps {
                two.step(&mut model, usize::from(by), step).await;
            }
            two.search(&model, 0).await;
            two.search(&model, 1).await;
        });
    });
}
