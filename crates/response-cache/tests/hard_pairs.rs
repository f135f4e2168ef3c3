//! What the guards make of pairs that a model takes for the same: `data/hard-pairs.tsv`, and of the
//! ways in which people ask the same: `data/paraphrases.tsv`.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use response_cache::semantic::Guards;

const FILES: [&str; 2] =
    [include_str!("../data/hard-pairs.tsv"), include_str!("../data/paraphrases.tsv")];

struct Pair<'t> {
    language: &'t str,
    kind: &'t str,
    same: bool,
    texts: [&'t str; 2],
}

fn pairs() -> Vec<Pair<'static>> {
    let pair = |line: &'static str| {
        let cells: Vec<_> = line.split('\t').collect();
        let [language, kind, label, one, other] = cells[..] else { panic!("five cells: {line}") };
        Pair { language, kind, same: label == "same", texts: [one, other] }
    };
    FILES.iter().flat_map(|file| file.lines().skip(1)).map(pair).collect()
}

fn held_back(pair: &Pair<'_>) -> bool {
    Guards::all().check(pair.texts[0], pair.texts[1]).is_err()
}

#[test]
fn the_pairs_are_many_and_of_every_kind() {
    let mut kinds = BTreeMap::<_, usize>::new();
    for pair in pairs().iter().filter(|pair| !pair.same) {
        assert_ne!(pair.texts[0], pair.texts[1]);
        *kinds.entry((pair.language, pair.kind)).or_default() += 1;
    }
    let (different, same) =
        (kinds.values().sum::<usize>(), pairs().iter().filter(|p| p.same).count());
    assert!(different >= 600 && different >= same, "{different} and {same}: {kinds:?}");
    for kind in [
        "number", "date", "time", "unit", "currency", "negation", "opposite", "entity", "code",
        "order",
    ] {
        assert!(
            ["en", "ko"].iter().all(|language| kinds.contains_key(&(*language, kind))),
            "{kind}"
        );
    }
}

#[test]
fn nearly_all_that_differ_are_held_back_and_few_that_do_not() {
    let pairs = pairs();
    let (mut missed, mut wronged) = (Vec::new(), Vec::new());
    for pair in &pairs {
        match (pair.same, held_back(pair)) {
            (false, false) => missed.push(pair.texts),
            (true, true) => wronged.push(pair.texts),
            _ => {}
        }
    }
    let of = |same: bool| pairs.iter().filter(|pair| pair.same == same).count();
    println!("passed though different: {} of {}: {missed:#?}", missed.len(), of(false));
    println!("held back though the same: {} of {}: {wronged:#?}", wronged.len(), of(true));
    assert!(
        missed.len() * 200 <= of(false),
        "more than half a percent of the different pairs pass"
    );
    assert!(wronged.len() * 100 <= of(true) * 15, "more than 15 % of the same are held back");
}
