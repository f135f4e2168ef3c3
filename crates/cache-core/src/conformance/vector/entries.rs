//! Writing, replacing, removing.

use super::{
    Subject, at, count, entry, everything, id, ids, name, passing, search, upsert, vector, with,
};
use crate::vector::{AttributeValue, Filter, VectorEntry, VectorIndex, VectorQuery};

/// Attributes come back as they were given, and the length of a vector does not matter.
pub async fn writing(subject: &Subject) {
    let index = subject.index("writing", 4);
    let tags = ["b", "a", "b"].map(str::to_owned).to_vec();
    let values = [
        ("tags", AttributeValue::Tags(tags)),
        ("number", AttributeValue::Number(0.1 + 0.2)),
        ("text", AttributeValue::Text(" Two  words,\n".to_owned())),
        ("kept", AttributeValue::Stored((0..=255u8).collect::<Vec<_>>().into())),
    ];
    let full = with(entry("full", at(0.0)), values);
    let empty = [
        ("tags", AttributeValue::Tags(vec![])),
        ("number", AttributeValue::Number(-1e300)),
        ("text", AttributeValue::Text(String::new())),
        ("kept", AttributeValue::Stored(vec![].into())),
    ];
    let empty = with(entry("hollow", at(10.0)), empty);
    let bare = entry("none", at(20.0));
    let scale = |by: f32| vector(&at(30.0).iter().map(|v| v * by).collect::<Vec<_>>());
    let others = [entry("tiny", scale(1e-25)), entry("vast", scale(1e25))];
    upsert(&*index, &[full.clone(), empty.clone(), bare.clone()]).await;
    upsert(&*index, &others).await;

    let query = VectorQuery::nearest(at(0.0), 10);
    let found = search(&*index, query.clone().with_attributes()).await;
    assert_eq!(ids(&found), ["full", "hollow", "none", "tiny", "vast"]);
    for (given, found) in [full, empty, bare].iter().zip(&found) {
        let name = given.id.as_str();
        assert!(found.attributes == given.attributes, "attributes of {name:?} came back other");
    }
    let found = search(&*index, query).await;
    assert!(found.iter().all(|found| found.attributes.is_empty()), "nobody asked for attributes");
    let far = VectorQuery::nearest(scale(1e-25), 2);
    assert_eq!(ids(&search(&*index, far).await), ["tiny", "vast"], "a query has no length either");
}

/// An entry of the same id is replaced as a whole.
pub async fn overwriting(subject: &Subject) {
    let index = subject.index("overwriting", 4);
    let old = [("tags", AttributeValue::tag("old")), ("number", AttributeValue::Number(1.0))];
    upsert(&*index, &[with(entry("a", at(0.0)), old), entry("b", at(50.0))]).await;
    upsert(&*index, &[with(entry("a", at(90.0)), [("tags", AttributeValue::tag("new"))])]).await;
    let found = search(&*index, VectorQuery::nearest(at(0.0), 10).with_attributes()).await;
    assert_eq!(ids(&found), ["b", "a"], "the old vector is gone");
    let attributes = &found[1].attributes;
    assert_eq!(attributes.len(), 1, "an attribute of the old entry is still there");
    assert!(passing(&*index, Filter::tag(name("tags"), "old")).await.is_empty());
    assert_eq!(passing(&*index, Filter::tag(name("tags"), "new")).await, ["a"]);
    assert!(passing(&*index, Filter::range(name("number"), ..)).await.is_empty());
    assert_eq!(count(&*index, &Filter::All).await, 2);
}

/// In one batch the last entry of an id wins.
pub async fn duplicates(subject: &Subject) {
    let index = subject.index("duplicates", 4);
    let tagged =
        |id, degrees, tag| with(entry(id, at(degrees)), [("tags", AttributeValue::tag(tag))]);
    let batch = [tagged("a", 0.0, "x"), tagged("b", 10.0, "x"), tagged("a", 40.0, "y")];
    upsert(&*index, &batch).await;
    let found = search(&*index, VectorQuery::nearest(at(0.0), 10)).await;
    assert_eq!(ids(&found), ["b", "a"]);
    assert_eq!(passing(&*index, Filter::tag(name("tags"), "x")).await, ["b"]);
    assert_eq!(count(&*index, &Filter::All).await, 2);
}

/// Removed entries are found no more, and the others still are.
pub async fn removing(subject: &Subject) {
    let index = subject.index("removing", 4);
    let names = ["a", "b", "c", "d", "e"];
    upsert(&*index, &names.map(|name| entry(name, at(0.0)))).await;
    let gone = ["c", "nobody", "a", "c"].map(id);
    let removed = index.remove_many(&gone).await.expect("removing succeeds");
    assert_eq!(removed, [true, false, true, false]);
    assert_eq!(everything(&*index).await, ["b", "d", "e"]);
    upsert(&*index, &[entry("c", at(90.0))]).await;
    let found = search(&*index, VectorQuery::nearest(at(90.0), 1)).await;
    assert_eq!(ids(&found), ["c"], "a removed entry can be written again");
    let rest = ["b", "c", "d", "e"].map(id);
    assert_eq!(index.remove_many(&rest).await.expect("succeeds"), [true; 4]);
    assert!(everything(&*index).await.is_empty());
}

/// Empty slices are answered with empty results.
pub async fn empty_batches(subject: &Subject) {
    let index = subject.index("empty", 4);
    for _ in 0..2 {
        assert!(index.search_many(&[]).await.expect("no search succeeds").is_empty());
        assert!(index.remove_many(&[]).await.expect("nothing to remove succeeds").is_empty());
        index.upsert_many(&[]).await.expect("nothing to write succeeds");
        index.create().await.expect("creating succeeds");
        assert!(everything(&*index).await.is_empty(), "an index without entries finds nothing");
    }
}

/// Texts that have broken a query language, a pattern or a separator somewhere.
const HOSTILE: [&str; 32] = [
    "a",
    "A",
    "a,b",
    "a b",
    " a",
    "a ",
    "a-b",
    "a|b",
    "{a}",
    "a}",
    "*",
    "a*",
    "?",
    "a:b",
    "a@b",
    "@tags:{a}",
    "'",
    "\"",
    "\\",
    "a\\,b",
    "(a)",
    "-a",
    "~a",
    "%a%",
    "a\nb",
    "a\0b",
    "\u{1}",
    "재시도",
    "한국어 문장, 쉼표",
    "é",
    "e\u{301}",
    "🦀",
];

/// Ids, tags and texts are data, whatever their characters.
pub async fn hostile(subject: &Subject) {
    let index = subject.index("hostile", 4);
    let long = "ㄱ".repeat(170);
    let names: Vec<&str> = HOSTILE.iter().copied().chain([long.as_str()]).collect();
    let entries: Vec<VectorEntry> = names
        .iter()
        .map(|name| {
            let values = [
                ("tags", AttributeValue::tag(*name)),
                ("text", AttributeValue::Text((*name).to_owned())),
                ("kept", AttributeValue::Stored(name.as_bytes().to_vec().into())),
            ];
            with(entry(name, at(0.0)), values)
        })
        .collect();
    upsert(&*index, &entries).await;
    let all = search(&*index, VectorQuery::nearest(at(0.0), 100).with_attributes()).await;
    assert_eq!(all.len(), entries.len(), "some entries were lost or taken for others");
    for found in &all {
        let given = entries.iter().find(|entry| entry.id == found.id).expect("an id of ours");
        assert!(given.attributes == found.attributes, "{:?} came back other", given.id.as_str());
    }
    for tag in &names {
        let filter = Filter::tag(name("tags"), *tag);
        assert_eq!(passing(&*index, filter.clone()).await, [*tag], "the entry of this tag alone");
        assert_eq!(count(&*index, &filter).await, 1, "{tag:?} is counted once");
    }
    let all = names.iter().map(|&tag| tag.to_owned()).collect();
    let of_all = Filter::Tags(name("tags"), all);
    assert_eq!(passing(&*index, of_all.clone()).await.len(), names.len());
    assert!(passing(&*index, of_all.not()).await.is_empty());
    words_of_hostile_texts(&*index).await;
    let ids: Vec<_> = names.iter().map(|name| id(name)).collect();
    let removed = index.remove_many(&ids[1..]).await.expect("removing succeeds");
    assert!(removed.iter().all(|removed| *removed), "an entry could not be removed by its id");
    assert_eq!(everything(&*index).await, ["a"], "removing one took another");
}

async fn words_of_hostile_texts(index: &dyn VectorIndex) {
    let of = async |words: &str| passing(index, Filter::words(name("text"), words)).await;
    assert_eq!(of("재시도").await, ["재시도"]);
    assert_eq!(of("쉼표 한국어").await, ["한국어 문장, 쉼표"]);
    assert_eq!(of("é").await, ["é"]);
    let with_b = ["a\0b", "a\nb", "a b", "a,b", "a-b", "a:b", "a@b", "a\\,b", "a|b"];
    assert_eq!(of("b").await, with_b, "words end at whatever is no letter and no digit");
    assert_eq!(of("@tags:{A}").await, ["@tags:{a}"], "a filter of words is no query");
}

/// A batch of any size is written, and searched, as a whole.
pub async fn large_batches(subject: &Subject) {
    let index = subject.index("large", 4);
    let entries: Vec<_> = (0..3_000u16)
        .map(|i| {
            let number = [("number", AttributeValue::Number(f64::from(i)))];
            with(entry(&format!("{i:04}"), at(f32::from(i) * 0.1)), number)
        })
        .collect();
    upsert(&*index, &entries).await;
    assert_eq!(count(&*index, &Filter::All).await, 3_000);
    let queries: Vec<_> = (0..100u16)
        .map(|i| {
            let alone = f64::from(i * 30);
            VectorQuery::nearest(at(0.0), 5)
                .with_filter(Filter::range(name("number"), alone..=alone))
        })
        .collect();
    let found = index.search_many(&queries).await.expect("a search succeeds");
    assert_eq!(found.len(), queries.len());
    for (i, found) in found.iter().enumerate() {
        assert_eq!(ids(found), [format!("{:04}", i * 30)], "results in the order of the queries");
    }
    let gone: Vec<_> = entries.iter().map(|entry| entry.id.clone()).collect();
    let removed = index.remove_many(&gone).await.expect("removing succeeds");
    assert!(removed.len() == 3_000 && removed.iter().all(|removed| *removed));
    assert_eq!(count(&*index, &Filter::All).await, 0);
}
