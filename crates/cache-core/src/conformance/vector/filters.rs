//! Each kind of filter, alone and nested.

use std::ops::Bound;

use super::{Subject, at, count, entry, name, passing, upsert, with};
use crate::vector::{AttributeValue, Filter, VectorEntry};

fn tags(tags: &[&str]) -> AttributeValue {
    AttributeValue::Tags(tags.iter().map(|&tag| tag.to_owned()).collect())
}

fn entries() -> Vec<VectorEntry> {
    let make = |id, turn, labels: &[&str], number, text: &str| {
        let values = [
            ("tags", tags(labels)),
            ("number", AttributeValue::Number(number)),
            ("text", AttributeValue::Text(text.to_owned())),
        ];
        with(entry(id, at(turn)), values)
    };
    vec![
        make("a", 0.0, &["red", "big"], 1.0, "The quick brown fox"),
        make("b", 10.0, &["red"], 2.0, "the QUICK dog; the lazy one"),
        make("c", 20.0, &["blue", "big"], 3.5, "고양이는 빠르다"),
        make("d", 30.0, &[], -0.5, ""),
        make("e", 40.0, &["Red"], 1e15, "quickly"),
        // Without any attribute.
        entry("f", at(50.0)),
    ]
}

fn any(labels: &[&str]) -> Filter {
    Filter::Tags(name("tags"), labels.iter().map(|&tag| tag.to_owned()).collect())
}

fn number(from: Bound<f64>, to: Bound<f64>) -> Filter {
    Filter::Range(name("number"), from, to)
}

fn text(words: &str) -> Filter {
    Filter::words(name("text"), words)
}

fn cases() -> Vec<(Filter, &'static str)> {
    use Bound::{Excluded, Included, Unbounded};
    vec![
        (Filter::All, "abcdef"),
        (any(&["red"]), "ab"),
        (any(&["Red"]), "e"),
        (any(&["re"]), ""),
        (any(&["blue", "Red", "nobody"]), "ce"),
        (any(&["red", "big"]), "abc"),
        (any(&[]), ""),
        (number(Included(1.0), Included(2.0)), "ab"),
        (number(Excluded(1.0), Included(2.0)), "b"),
        (number(Included(1.0), Excluded(2.0)), "a"),
        (number(Unbounded, Excluded(1.0)), "d"),
        (number(Included(-0.5), Excluded(0.0)), "d"),
        (number(Excluded(3.5), Unbounded), "e"),
        (number(Included(1e15), Included(1e15)), "e"),
        (number(Included(2.0), Included(1.0)), ""),
        (number(Unbounded, Unbounded), "abcde"),
        (text("quick"), "ab"),
        (text("Quick, THE!"), "ab"),
        (text("dog quick"), "b"),
        (text("the"), "ab"),
        (text("빠르다"), "c"),
        (text("빠르"), ""),
        (any(&["red"]).not(), "cdef"),
        (number(Unbounded, Unbounded).not(), "f"),
        (text("quick").not(), "cdef"),
        (Filter::All.not(), ""),
        (any(&[]).not(), "abcdef"),
        (any(&["red"]).and(text("fox")), "a"),
        (any(&["red"]).and(text("fox")).and(number(Excluded(1.0), Unbounded)), ""),
        (
            Filter::Or(vec![text("fox"), any(&["blue"]), number(Included(-0.5), Included(-0.5))]),
            "acd",
        ),
        (Filter::And(vec![]), "abcdef"),
        (Filter::Or(vec![]), ""),
        (any(&["red"]).and(text("fox").not()), "b"),
        (Filter::Or(vec![any(&["red"]), text("quickly")]).not(), "cdf"),
        (
            Filter::And(vec![
                Filter::Or(vec![any(&["big"]), any(&["Red"])]),
                Filter::Or(vec![number(Unbounded, Included(1.0)), text("quickly")]).not(),
            ]),
            "c",
        ),
        (any(&["big"]).not().not(), "ac"),
        (deep(), "ab"),
    ]
}

/// As deep as filters may be.
fn deep() -> Filter {
    (1..Filter::MAX_DEPTH).fold(any(&["red"]), |filter, _| Filter::And(vec![filter]))
}

/// Every entry that passes is found, and no other.
pub async fn filters(subject: &Subject) {
    let index = subject.index("filters", 4);
    let given = entries();
    upsert(&*index, &given).await;
    for (filter, expected) in cases() {
        let expected: Vec<_> = expected.chars().map(String::from).collect();
        let here: Vec<_> = given
            .iter()
            .filter(|entry| filter.passes(&entry.attributes))
            .map(|entry| entry.id.as_str().to_owned())
            .collect();
        assert_eq!(here, expected, "Filter::passes of {filter:?}");
        assert_eq!(passing(&*index, filter.clone()).await, expected, "{filter:?}");
    }
}

/// What is counted is what is found.
pub async fn counting(subject: &Subject) {
    let index = subject.index("counting", 4);
    upsert(&*index, &entries()).await;
    for (filter, expected) in cases() {
        assert_eq!(count(&*index, &filter).await, expected.len() as u64, "{filter:?}");
    }
}
