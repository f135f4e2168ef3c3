//! Vectors as embeddings are, and what is true of searches among them.
#![allow(dead_code, unreachable_pub, reason = "every test uses a part")]

use std::collections::{BTreeMap, HashSet};

use cache_core::Embedding;
use cache_core::vector::{
    AttributeKind, AttributeName, AttributeValue, Attributes, Filter, GraphOptions, IndexMethod,
    IndexSchema, VectorId, VectorMatch, VectorQuery,
};

pub const DIMENSIONS: usize = 48;
/// What embeddings mean lies in fewer dimensions than they have.
const HIDDEN: usize = 10;

pub fn group() -> AttributeName {
    AttributeName::new("group").unwrap()
}

/// Groups 0 to 9, each a tenth.
pub fn in_group(id: u32) -> Attributes {
    Attributes::from([(group(), AttributeValue::tag((id % 10).to_string()))])
}

pub fn one_group(number: u32) -> Filter {
    Filter::tag(group(), number.to_string())
}

pub fn half_of_the_groups() -> Filter {
    Filter::Or((0..5).map(one_group).collect())
}

pub fn schema(options: GraphOptions) -> IndexSchema {
    let schema = IndexSchema::new(DIMENSIONS).unwrap();
    let schema = schema.with_attribute(group(), AttributeKind::Tags);
    schema.with_method(IndexMethod::Approximate(options))
}

pub fn id(number: u32) -> VectorId {
    VectorId::new(&format!("{number:06}")).unwrap()
}

pub fn number(id: &VectorId) -> u32 {
    id.as_str().parse().unwrap()
}

/// The vector of a number, the same one whenever it is asked for.
pub fn vector(number: u32) -> Embedding {
    let mut numbers = Numbers::new(number);
    let hidden: [f32; HIDDEN] = std::array::from_fn(|_| numbers.next());
    let at = |i: usize| {
        let mut directions = Numbers::new(1_000_000_007 + u32::try_from(i).unwrap());
        hidden.iter().map(|value| value * directions.next()).sum::<f32>() + 0.02 * numbers.next()
    };
    Embedding::new((0..DIMENSIONS).map(at).collect::<Vec<_>>()).unwrap()
}

/// Numbers between -1 and 1.
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u32) -> Self {
        let mut numbers = Self((u64::from(seed) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        (0..4).for_each(|_| _ = numbers.next());
        numbers
    }

    #[allow(clippy::should_implement_trait, reason = "it never ends")]
    pub fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}

/// How much of what was to be found was found.
#[derive(Debug, Default, Clone, Copy)]
pub struct Recall {
    pub found: usize,
    pub all: usize,
}

impl Recall {
    /// Holds an answer against all entries: each match is one of them that passes, with its true
    /// similarity, in order, and there are as many as there can be.
    pub fn judge(
        &mut self,
        entries: &BTreeMap<u32, Embedding>,
        query: &VectorQuery,
        found: &[VectorMatch],
    ) {
        let passing = entries.iter().filter(|(id, _)| query.filter.passes(&in_group(**id)));
        let cosine = |vector: &Embedding| vector.cosine_similarity(&query.vector).unwrap();
        let bar = query.at_least.map_or(-1.0, |least| f64::from(least.get()));
        let mut cosines: Vec<_> = passing.map(|(_, vector)| cosine(vector)).collect();
        cosines.retain(|cosine| *cosine >= bar + 1e-5);
        cosines.sort_by(|a, b| b.total_cmp(a));
        cosines.truncate(query.most);
        if query.at_least.is_none() {
            assert_eq!(found.len(), cosines.len(), "as many as there are");
        }
        assert!(found.len() <= query.most);
        let mut sorted = found.to_vec();
        VectorMatch::sort(&mut sorted);
        assert_eq!(sorted, found, "in order");
        let distinct: HashSet<_> = found.iter().map(|found| &found.id).collect();
        assert_eq!(distinct.len(), found.len(), "each once");
        for found in found {
            let id = number(&found.id);
            let vector = entries.get(&id).expect("it is there");
            assert!(query.filter.passes(&in_group(id)), "it passes");
            let off = (f64::from(found.similarity.get()) - cosine(vector)).abs();
            assert!(off < 1e-5, "a similarity is off by {off}");
            assert!(f64::from(found.similarity.get()) >= bar, "as similar as asked for");
        }
        let least = cosines.last().copied().unwrap_or(1.0) - 1e-5;
        let hits = found.iter().filter(|found| f64::from(found.similarity.get()) >= least).count();
        self.found += hits.min(cosines.len());
        self.all += cosines.len();
    }

    pub fn part(&self) -> f64 {
        self.found as f64 / self.all.max(1) as f64
    }
}
