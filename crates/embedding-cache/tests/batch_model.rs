//! Random batches against a model of what the cache must do.
#![allow(clippy::unwrap_used)]

mod common;

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::Arc;

use cache_core::{Namespace, ProviderLimits};
use common::{Store, TestProvider, bits, builder, vector};
use embedding_cache::{Coordination, Error, ModelCache, Source};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;

/// One call. Texts are numbers; 0 is the empty text.
#[derive(Debug, Clone)]
enum Step {
    Embed(Vec<u8>),
    Put(Vec<u8>),
    Remove(Vec<u8>),
}

#[derive(Debug, Clone)]
struct Case {
    max_inputs: usize,
    across_processes: bool,
    steps: Vec<Step>,
}

fn cases() -> impl Strategy<Value = Case> {
    let batch = || prop::collection::vec(0..24u8, 0..40);
    let step = prop_oneof![
        4 => batch().prop_map(Step::Embed),
        1 => batch().prop_map(Step::Put),
        1 => batch().prop_map(Step::Remove),
    ];
    (1..12usize, any::<bool>(), prop::collection::vec(step, 1..6)).prop_map(
        |(max_inputs, across_processes, steps)| Case { max_inputs, across_processes, steps },
    )
}

fn name(number: u8) -> String {
    if number == 0 { String::new() } else { format!("텍스트 {number}") }
}

/// What must be stored, and what the provider must have been asked for.
#[derive(Default)]
struct Model {
    stored: HashSet<String>,
    asked: Vec<String>,
}

impl Model {
    /// Where each result must come from.
    fn embed(&mut self, texts: &[String]) -> Vec<Option<Source>> {
        let known = self.stored.clone();
        let source = |text: &String| {
            if text.is_empty() {
                return None;
            }
            if self.stored.insert(text.clone()) {
                self.asked.push(text.clone());
            }
            Some(if known.contains(text) { Source::Hit } else { Source::Computed })
        };
        texts.iter().map(source).collect()
    }
}

async fn step(cache: &ModelCache, model: &mut Model, step: &Step) {
    match step {
        Step::Embed(numbers) => {
            let texts: Vec<_> = numbers.iter().copied().map(name).collect();
            let results = cache.embed_each(&texts).await.unwrap();
            let sources = model.embed(&texts);
            assert_eq!(results.len(), texts.len());
            for (index, (result, source)) in results.into_iter().zip(sources).enumerate() {
                match (result, source) {
                    (Ok(lookup), Some(source)) => {
                        assert_eq!(bits(&lookup.embedding), bits(&vector(&texts[index])));
                        assert_eq!(lookup.source, source);
                    }
                    (Err(Error::EmptyText(named)), None) => assert_eq!(named, index),
                    (result, source) => panic!("{result:?} where {source:?} was expected"),
                }
            }
        }
        Step::Put(numbers) => {
            let texts = numbers.iter().filter(|n| **n > 0).map(|n| name(*n));
            let entries: Vec<_> = texts.map(|text| (text.clone(), vector(&text))).collect();
            model.stored.extend(entries.iter().map(|(text, _)| text.clone()));
            cache.put_batch(entries).await.unwrap();
        }
        Step::Remove(numbers) => {
            let texts: Vec<_> = numbers.iter().filter(|n| **n > 0).map(|n| name(*n)).collect();
            let removed = cache.remove_batch(&texts).await.unwrap();
            let expected: Vec<_> = texts.iter().map(|text| model.stored.remove(text)).collect();
            assert_eq!(removed, expected);
        }
    }
}

fn check(open: impl Future<Output = Store>, cases_to_run: u32) {
    let runtime = Runtime::new().unwrap();
    let store = runtime.block_on(open);
    let config = Config { cases: cases_to_run, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new(config);
    let count = Cell::new(0);
    let result = runner.run(&cases(), |case| {
        count.set(count.get() + 1);
        let limits =
            ProviderLimits::default().with_max_inputs(case.max_inputs).with_max_concurrency(1);
        let provider = Arc::new(TestProvider::new().with_limits(limits));
        let mut cache = builder(&store.watched(), &provider)
            .namespace(Namespace::new(&format!("case-{}", count.get())).unwrap());
        if !case.across_processes {
            cache = cache.coordination(Coordination::Process);
        }
        let cache = cache.build().unwrap();
        let mut model = Model::default();
        runtime.block_on(async {
            for one in &case.steps {
                step(cache.provider().unwrap(), &mut model, one).await;
            }
        });
        assert_eq!(provider.inputs(), model.asked);
        assert!(provider.calls().iter().all(|call| call.len() <= case.max_inputs));
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn in_memory() {
    check(async { Store::memory() }, 300);
}

#[test]
fn on_a_file() {
    check(Store::embedded(), 60);
}

#[test]
fn on_a_server() {
    check(Store::redis(), 60);
}
