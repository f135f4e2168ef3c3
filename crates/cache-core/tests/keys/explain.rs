//! What an explanation says, and what it never says.

use cache_core::{KeyExplanation, KeyFields, KeyKind, KeyProfile, KeySpace, Namespace};
use proptest::prelude::*;

use super::request::{FIELDS, Request, request};

proptest! {
    #[test]
    fn a_single_change_is_named(request in request(), other in request(), field in 0..FIELDS.len()) {
        // A secret hides the input, see below.
        let (mut a, mut b) = (request, other);
        (a.secret, b.secret) = (None, None);
        let b = a.with_fields_of(&b, 1 << field);
        let found = a.explain().differences(&b.explain());
        let names: Vec<&str> = found.iter().map(|d| d.field.as_str()).collect();
        let expected: &[&str] = if a == b { &[] } else { &FIELDS[field..=field] };
        prop_assert_eq!(names, expected);
        prop_assert!(found.iter().all(|d| d.first != d.second));
    }

    #[test]
    fn an_explanation_holds_no_text(words in prop::collection::vec("[가-힣a-z]{6,12}", 1..8)) {
        let text = words.join(" ");
        for secret in [None, Some(b"pepper".to_vec())] {
            let explained = Request { text: text.clone(), secret, ..Request::default() }.explain();
            let other = Request::default().explain();
            let shown = format!("{explained:?} {:?}", explained.differences(&other));
            for word in &words {
                prop_assert!(!shown.contains(word.as_str()), "{} in {}", word, shown);
            }
        }
    }
}

#[test]
fn a_secret_hides_the_input_from_an_explanation() {
    let explain = |secret: Option<&str>, text: &str| {
        let secret = secret.map(|s| s.as_bytes().to_vec());
        Request { secret, text: text.to_owned(), ..Request::default() }.explain()
    };
    let names = |a: &KeyExplanation, b: &KeyExplanation| {
        a.differences(b).into_iter().map(|d| d.field).collect::<Vec<_>>()
    };
    let plain = explain(None, "text");
    let keyed = explain(Some("s"), "text");
    assert!(plain.input_digest.is_some() && keyed.input_digest.is_none());
    assert_eq!(names(&plain, &keyed), ["key secret"]);
    assert_eq!(names(&keyed, &plain), ["key secret"]);
    assert_eq!(names(&plain, &explain(Some("s"), "longer")), ["key secret", "input"]);
    assert_eq!(names(&keyed, &explain(Some("s"), "TEXT")), ["secret or input"]);
    assert_eq!(names(&keyed, &explain(Some("other"), "text")), ["secret or input"]);
    assert_eq!(names(&keyed, &explain(Some("s"), "longer")), ["input"]);
    assert!(names(&keyed, &explain(Some("s"), "text")).is_empty());
}

#[test]
fn explanations_show_spaces_and_unknown_fields() {
    let explain = |space: &std::sync::Arc<KeySpace>, fields| {
        KeyProfile::new(space.clone(), fields, None).explain("text")
    };
    let fields = KeyFields::new(KeyKind::Response).with("model", "m");
    let spaces = [0, 1].map(|g| KeySpace::new(Namespace::default(), KeyKind::Response, g));
    let plain = explain(&spaces[0], fields.clone());
    let moved = plain.differences(&explain(&spaces[1], fields.clone()));
    assert_eq!((moved.len(), moved[0].field.as_str()), (1, "key space"));
    assert_eq!((&*moved[0].first, &*moved[0].second), ("cache:resp:0", "cache:resp:1"));
    let more = explain(&spaces[0], fields.with("seed", None::<u64>));
    for found in [plain.differences(&more), more.differences(&plain)] {
        assert_eq!((found.len(), found[0].field.as_str()), (1, "seed"));
    }
}
