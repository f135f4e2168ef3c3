//! What no index takes.

use std::fmt::Debug;

use super::{Subject, at, entry, everything, name, upsert, vector, with};
use crate::vector::{AttributeValue, Filter, VectorEntry, VectorQuery};
use crate::{CacheError, ErrorKind};

const SECRET: &str = "a secret of somebody";

/// What cannot be in the index, or be asked of it, is refused before anything is done.
pub async fn refusals(subject: &Subject) {
    let index = subject.index("refusals", 4);
    upsert(&*index, &[entry("there", at(0.0))]).await;
    for (wrong, why) in wrong_entries() {
        let batch = [entry("innocent", at(0.0)), wrong];
        assert_refused(index.upsert_many(&batch).await, why);
        assert_eq!(everything(&*index).await, ["there"], "{why}: a refused batch has written");
    }
    let good = VectorQuery::nearest(at(0.0), 1);
    for (wrong, why) in wrong_queries() {
        assert_refused(index.search_many(&[good.clone(), wrong]).await, why);
    }
    for (wrong, why) in wrong_filters() {
        let query = good.clone().with_filter(Filter::Or(vec![Filter::All, wrong.clone()]));
        assert_refused(index.search_many(&[query]).await, why);
        assert_refused(index.count(&wrong).await, why);
    }
    let missing = subject.index("refusals", 4);
    let short = VectorQuery::nearest(vector(&[1.0]), 1);
    assert_refused(missing.search_many(&[short]).await, "dimensions, of an index not there yet");
}

/// Refused as input that can never work, without showing any of it.
fn assert_refused<T: Debug>(result: Result<T, CacheError>, why: &str) {
    let Err(error) = result else { panic!("{why}: the call succeeded") };
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{why}: {error}");
    assert!(!format!("{error} {error:?}").contains(SECRET), "{why}: an error shows a value");
}

fn wrong_entries() -> Vec<(VectorEntry, &'static str)> {
    let other = |at_name, value| with(entry("wrong", at(0.0)), [(at_name, value)]);
    let tag = |tag: &str| other("tags", AttributeValue::tag(tag));
    let long = SECRET.repeat(VectorEntry::MAX_TAG_BYTES);
    let many = vec![SECRET.to_owned(); VectorEntry::MAX_TAGS + 1];
    let large = vec![0; VectorEntry::MAX_ATTRIBUTE_BYTES + 1].into();
    vec![
        (entry("wrong", vector(&[1.0, 0.0, 0.0])), "too few dimensions"),
        (entry("wrong", vector(&[1.0; 5])), "too many dimensions"),
        (entry("wrong", vector(&[0.0, -0.0, 0.0, 0.0])), "a vector of zeros"),
        (other("nobody", AttributeValue::tag(SECRET)), "an attribute that is not in the schema"),
        (other("number", AttributeValue::tag(SECRET)), "an attribute of another kind"),
        (other("number", AttributeValue::Number(f64::NAN)), "a NaN"),
        (other("number", AttributeValue::Number(f64::INFINITY)), "an infinity"),
        (tag(""), "an empty tag"),
        (tag(&long), "a long tag"),
        (other("tags", AttributeValue::Tags(many)), "many tags"),
        (other("kept", AttributeValue::Stored(large)), "long attributes"),
    ]
}

fn wrong_queries() -> Vec<(VectorQuery, &'static str)> {
    let nearest = VectorQuery::nearest;
    vec![
        (nearest(vector(&[1.0; 3]), 1), "too few dimensions"),
        (nearest(vector(&[0.0; 4]), 1), "a vector of zeros"),
        (nearest(at(0.0), VectorQuery::MAX_MATCHES + 1), "too many matches"),
    ]
}

fn wrong_filters() -> Vec<(Filter, &'static str)> {
    let deep = (0..Filter::MAX_DEPTH).fold(Filter::All, |filter, _| filter.not());
    let many = vec![SECRET.to_owned(); Filter::MAX_PARTS + 1];
    vec![
        (Filter::tag(name("nobody"), SECRET), "a tag that is not in the schema"),
        (Filter::tag(name("text"), SECRET), "a tag of a text"),
        (Filter::range(name("tags"), 0.0..1.0), "a range of tags"),
        (Filter::words(name("number"), SECRET), "words of a number"),
        (Filter::words(name("kept"), SECRET), "words of what is only stored"),
        (Filter::range(name("number"), f64::NAN..), "a range from NaN"),
        (Filter::range(name("number"), ..=f64::INFINITY), "a range to infinity"),
        (Filter::tag(name("tags"), ""), "an empty tag"),
        (Filter::words(name("text"), "-,|"), "no word"),
        (deep, "a deep filter"),
        (Filter::Tags(name("tags"), many), "many tags"),
    ]
}
