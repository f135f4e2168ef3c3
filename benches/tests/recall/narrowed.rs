//! Filters that half of the entries pass, a tenth, and a hundredth.

use cache_benches::minilm::ENTRIES;
use cache_core::vector::{
    AttributeKind, AttributeName, AttributeValue, Attributes, Filter, IndexSchema, VectorEntry,
    VectorId,
};
use cache_core::{Embedding, Ttl};

/// How much of the index is searched.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Narrowed {
    All,
    /// By a tag.
    Half,
    /// By a number.
    Tenth,
    /// By a tag.
    Hundredth,
}

impl Narrowed {
    pub(crate) const ALL: [Self; 4] = [Self::All, Self::Half, Self::Tenth, Self::Hundredth];

    pub(crate) fn filter(self) -> Filter {
        match self {
            Self::All => Filter::All,
            Self::Half => Filter::tag(name("share"), "half"),
            Self::Tenth => Filter::range(name("rank"), ..self.bound()),
            Self::Hundredth => Filter::tag(name("share"), "hundredth"),
        }
    }

    pub(crate) fn passes(self, entry: usize) -> bool {
        rank(entry) < self.bound()
    }

    /// Adds the attributes that the filters ask for.
    pub(crate) fn declare(schema: &IndexSchema) -> IndexSchema {
        let schema = schema.clone().with_attribute(name("share"), AttributeKind::Tags);
        schema.with_attribute(name("rank"), AttributeKind::Number)
    }

    /// The rank below which an entry passes.
    fn bound(self) -> f64 {
        let part = match self {
            Self::All => 1,
            Self::Half => 2,
            Self::Tenth => 10,
            Self::Hundredth => 100,
        };
        ENTRIES as f64 / f64::from(part)
    }
}

/// Every rank is somebody's, and who has it has nothing to do with the vector.
fn rank(entry: usize) -> f64 {
    (entry * 7_919 % ENTRIES) as f64
}

fn name(name: &str) -> AttributeName {
    AttributeName::new(name).unwrap()
}

pub(crate) fn entry(number: usize, vector: Embedding) -> VectorEntry {
    let tags = [(Narrowed::Half, "half"), (Narrowed::Hundredth, "hundredth")];
    let tags = tags.into_iter().filter(|(by, _)| by.passes(number));
    let attributes = Attributes::from([
        (name("share"), AttributeValue::Tags(tags.map(|(_, tag)| tag.to_owned()).collect())),
        (name("rank"), AttributeValue::Number(rank(number))),
    ]);
    let id = VectorId::new(&number.to_string()).unwrap();
    VectorEntry::new(id, vector, Ttl::seconds(3_600).unwrap()).with_attributes(attributes)
}
