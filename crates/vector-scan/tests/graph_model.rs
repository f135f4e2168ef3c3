//! Whatever is done while graphs come and go, answers are right, and nearly all is found.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::thread;
use std::time::{Duration, Instant};

use cache_core::Embedding;
use cache_core::vector::{Filter, GraphOptions, Similarity, VectorQuery};
use proptest::prelude::*;
use support::{Recall, half_of_the_groups, id, in_group, one_group, schema, vector};
use vector_scan::{Scan, ScanEntry, SearchLimits};

const ABOVE: usize = 300;
const FIRST: u32 = 500;
const NOW: u64 = 1_000;

#[derive(Debug, Clone)]
enum Step {
    /// So many entries, from this one on, with the vectors of these numbers.
    Write(u32, u32, u32),
    /// Entries that have ended.
    WriteEnded(u32, u32),
    Remove(u32, u32),
    Expire,
    Search(u32),
    /// Until a graph that is being built is there.
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..700u32, 1..80u32, 0..100_000u32).prop_map(|(at, n, from)| Step::Write(at, n, from)),
        1 => (0..700u32, 1..20u32).prop_map(|(at, n)| Step::WriteEnded(at, n)),
        3 => (0..700u32, 1..60u32).prop_map(|(at, n)| Step::Remove(at, n)),
        1 => Just(Step::Expire),
        8 => (0..100_000u32).prop_map(Step::Search),
        3 => Just(Step::Wait),
    ]
}

struct Both {
    scan: Scan,
    entries: BTreeMap<u32, Embedding>,
    recall: Recall,
    by_graph: bool,
}

impl Both {
    fn new() -> Self {
        let options = GraphOptions::new().with_build_effort(60).with_search_effort(60);
        let schema = schema(options);
        let scan = Scan::new(&schema).with_approximate_above(&schema, ABOVE);
        let (entries, recall) = (BTreeMap::new(), Recall::default());
        let mut both = Self { scan, entries, recall, by_graph: false };
        both.write(0, FIRST, 0, None);
        both
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Write(at, count, from) => self.write(at, count, from, None),
            Step::WriteEnded(at, count) => self.write(at, count, at, Some(NOW)),
            Step::Remove(at, count) => {
                for number in at..at + count {
                    let removed = self.scan.remove(&id(number), NOW);
                    assert_eq!(removed, self.entries.remove(&number).is_some());
                }
            }
            Step::Expire => self.scan.expire(NOW),
            Step::Search(number) => self.search(number),
            Step::Wait => self.wait(),
        }
    }

    fn write(&mut self, at: u32, count: u32, from: u32, ends: Option<u64>) {
        for i in 0..count {
            let (number, vector) = (at + i, vector(from + i));
            let (id, attributes) = (id(number), in_group(number));
            self.scan.upsert(&ScanEntry::new(&id, &vector, &attributes).with_ends(ends));
            match ends {
                None => _ = self.entries.insert(number, vector),
                Some(_) => _ = self.entries.remove(&number),
            }
        }
    }

    fn search(&mut self, number: u32) {
        let nearest = |most| VectorQuery::nearest(vector(number), most);
        let queries = [
            nearest(5),
            nearest(30),
            nearest(10).with_filter(half_of_the_groups()),
            nearest(3).with_filter(one_group(number % 10)),
            VectorQuery::within(vector(number), Similarity::new(0.8).unwrap()),
        ];
        let found = self.scan.search(&queries, NOW, SearchLimits::new());
        for (query, found) in queries.iter().zip(&found) {
            self.recall.judge(&self.entries, query, found);
        }
        assert_eq!(self.scan.count(&Filter::All, NOW), self.entries.len() as u64);
        self.by_graph |= self.scan.graph_info().unwrap().entries > 0;
    }

    fn wait(&mut self) {
        self.search(0);
        let start = Instant::now();
        while self.scan.graph_info().unwrap().building {
            assert!(start.elapsed() < Duration::from_secs(60), "a graph of some hundred");
            thread::sleep(Duration::from_millis(1));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn answers_are_right_while_graphs_come_and_go(steps in prop::collection::vec(step(), 20..60)) {
        let mut both = Both::new();
        both.wait();
        both.search(1);
        prop_assert!(both.by_graph, "the first graph is there");
        for step in &steps {
            both.take(step);
        }
        prop_assert!(both.recall.part() >= 0.95, "{:?}", both.recall);
    }
}
