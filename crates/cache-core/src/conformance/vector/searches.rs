//! Nearest and near enough.

use super::{Numbers, Subject, at, entry, ids, name, search, upsert, with};
use crate::vector::{
    AttributeValue, Filter, Similarity, VectorEntry, VectorIndex, VectorMatch, VectorQuery,
};

fn similarity(cosine: f32) -> Similarity {
    Similarity::new(cosine).expect("invariant: a cosine")
}

fn error(index: &dyn VectorIndex) -> f32 {
    index.vector_capabilities().similarity_error
}

/// Similarities are cosines, from -1 to 1.
pub async fn cosines(subject: &Subject) {
    let index = subject.index("cosines", 4);
    let turns =
        [("same", 0.0), ("near", 60.0), ("none", 90.0), ("far", 120.0), ("opposite", 180.0)];
    upsert(&*index, &turns.map(|(name, degrees)| entry(name, at(degrees)))).await;
    let found = search(&*index, VectorQuery::nearest(at(0.0), 10)).await;
    assert_eq!(ids(&found), turns.map(|(name, _)| name));
    for (found, expected) in found.iter().zip([1.0, 0.5, 0.0, -0.5, -1.0]) {
        let off = (found.similarity.get() - expected).abs();
        let name = found.id.as_str();
        assert!(off <= error(&*index), "{name} is {:?}, not {expected}", found.similarity);
    }
}

/// The most similar first, those of the same similarity by id; never more than asked for.
pub async fn order(subject: &Subject) {
    let index = subject.index("order", 4);
    let names = ["d", "b", "가", "a", "c", "B"];
    upsert(&*index, &names.map(|name| entry(name, at(10.0)))).await;
    upsert(&*index, &[entry("z", at(0.0)), entry("0", at(50.0))]).await;
    let found = search(&*index, VectorQuery::nearest(at(0.0), 100)).await;
    assert_eq!(ids(&found), ["z", "B", "a", "b", "c", "d", "가", "0"]);
    for most in [0, 1, 3, 7, 8, 9, VectorQuery::MAX_MATCHES] {
        let some = search(&*index, VectorQuery::nearest(at(0.0), most)).await;
        assert_eq!(some.len(), most.min(8), "as many as asked for, or as there are");
        let ranks =
            |found: &[VectorMatch]| found.iter().map(|found| found.similarity).collect::<Vec<_>>();
        assert_eq!(ranks(&some), ranks(&found)[..some.len()], "the nearest, whatever the number");
    }
}

/// Every query of a batch has its own result, in the order of the batch.
pub async fn batches(subject: &Subject) {
    let index = subject.index("batches", 4);
    let tag = |tag: &str| [("tags", AttributeValue::tag(tag))];
    let entries = [
        with(entry("a", at(0.0)), tag("x")),
        with(entry("b", at(20.0)), tag("y")),
        with(entry("c", at(90.0)), tag("x")),
    ];
    upsert(&*index, &entries).await;
    let of = |degrees, most| VectorQuery::nearest(at(degrees), most);
    let queries = [
        of(90.0, 1),
        of(0.0, 2),
        of(0.0, 0),
        of(20.0, 9).with_filter(Filter::tag(name("tags"), "x")),
        of(90.0, 1).with_attributes(),
        VectorQuery::within(at(0.0), similarity(0.999)),
        of(0.0, 9).with_filter(Filter::tag(name("tags"), "nobody")),
    ];
    let found = index.search_many(&queries).await.expect("a search succeeds");
    let found_ids: Vec<_> = found.iter().map(|found| ids(found)).collect();
    let expected: [&[&str]; 7] = [&["c"], &["a", "b"], &[], &["a", "c"], &["c"], &["a"], &[]];
    assert_eq!(found_ids, expected);
    assert!(found[0][0].attributes.is_empty() && !found[4][0].attributes.is_empty());
}

/// All that are near enough, and nothing else.
pub async fn radius(subject: &Subject) {
    let index = subject.index("radius", 4);
    let entries: Vec<_> = (0..36u16)
        .map(|i| {
            let number = [("number", AttributeValue::Number(f64::from(i)))];
            with(entry(&format!("{i:02}"), at(f32::from(i) * 5.0)), number)
        })
        .collect();
    upsert(&*index, &entries).await;
    let within = |degrees: f32| {
        VectorQuery::within(at(0.0), similarity(degrees.to_radians().cos().clamp(-1.0, 1.0)))
    };
    for (degrees, expected) in [(2.0, 1), (32.0, 7), (88.0, 18), (180.0, 36)] {
        let query = within(degrees);
        let least = query.at_least;
        let found = search(&*index, query).await;
        assert_eq!(found.len(), expected, "as many as there are within {degrees} degrees");
        assert!(found.iter().all(|found| Some(found.similarity) >= least));
    }
    let nearest = VectorQuery { most: 3, ..within(32.0) };
    assert_eq!(ids(&search(&*index, nearest).await), ["00", "01", "02"]);
    let few = VectorQuery::nearest(at(0.0), 10).with_at_least(similarity(0.99));
    assert_eq!(ids(&search(&*index, few).await), ["00", "01"]);
    let odd = within(32.0).with_filter(Filter::range(name("number"), 3.0..5.5));
    assert_eq!(ids(&search(&*index, odd).await), ["03", "04", "05"]);
    let nothing = VectorQuery::within(at(270.0), similarity(0.5));
    assert!(search(&*index, nothing).await.is_empty(), "nothing is near enough");
}

/// What is found is what comparing with every vector finds; of an approximate index, 19 in 20.
pub async fn recall(subject: &Subject) {
    const DIMENSIONS: usize = 48;
    let index = subject.index("recall", DIMENSIONS);
    let mut numbers = Numbers(42);
    let entries: Vec<_> = (0..1_500u16)
        .map(|i| {
            let part = [("number", AttributeValue::Number(f64::from(i % 7)))];
            with(entry(&i.to_string(), numbers.vector(DIMENSIONS)), part)
        })
        .collect();
    upsert(&*index, &entries).await;
    let filters = [Filter::All, Filter::range(name("number"), 3.0..=3.0)];
    let queries: Vec<_> = (0..40)
        .map(|i| {
            let query = VectorQuery::nearest(numbers.vector(DIMENSIONS), 10);
            query.with_filter(filters[i % 2].clone())
        })
        .collect();
    let found = index.search_many(&queries).await.expect("a search succeeds");
    let mut hits = 0;
    for (query, found) in queries.iter().zip(&found) {
        assert_eq!(found.len(), 10, "there are as many as asked for");
        hits += check(&entries, query, found, error(&*index));
    }
    let all = 10 * queries.len();
    let least = if index.vector_capabilities().exact { all } else { all * 19 / 20 };
    assert!(hits >= least, "{hits} of {all} nearest entries were found");
}

/// How many matches belong to the nearest, those as near as the last within the error included.
/// Every match must have the similarity that it has.
fn check(entries: &[VectorEntry], query: &VectorQuery, found: &[VectorMatch], error: f32) -> usize {
    let cosine = |entry: &VectorEntry| {
        let cosine = entry.vector.cosine_similarity(&query.vector);
        cosine.expect("invariant: comparable vectors")
    };
    let passing = entries.iter().filter(|entry| query.filter.passes(&entry.attributes));
    let mut cosines: Vec<_> = passing.map(cosine).collect();
    cosines.sort_by(|a, b| b.total_cmp(a));
    let bar = cosines[query.most - 1] - 2.0 * f64::from(error);
    let near_enough = |found: &&VectorMatch| {
        let entry = entries.iter().find(|entry| entry.id == found.id).expect("an id of ours");
        assert!(query.filter.passes(&entry.attributes), "a match does not pass the filter");
        let off = (f64::from(found.similarity.get()) - cosine(entry)).abs();
        assert!(off <= f64::from(error), "a similarity is off by {off}");
        cosine(entry) >= bar
    };
    found.iter().filter(near_enough).count()
}
