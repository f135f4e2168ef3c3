//! Whether two texts have the same words in exchanged parts.

use std::collections::HashMap;

use super::korean::Role;
use super::scan::{Scan, Stem};

/// Words that give those before and after them different parts.
const DIRECTED: [&str; 15] = [
    "than", "to", "from", "into", "before", "after", "over", "under", "minus", "by", "versus",
    "above", "below", "behind", "against",
];

pub(super) fn differs(one: &Scan<'_>, other: &Scan<'_>) -> bool {
    roles_exchanged(&one.stems, &other.stems) || moved(one, other)
}

/// Two words of the one have each other's particle in the other.
fn roles_exchanged(one: &[Stem<'_>], other: &[Stem<'_>]) -> bool {
    let with_role = |stems: &[Stem<'_>]| -> HashMap<String, Role> {
        let marked = stems.iter().filter(|stem| stem.role != Role::None);
        marked.map(|stem| (stem.text.clone().into_owned(), stem.role)).collect()
    };
    let (one, other) = (with_role(one), with_role(other));
    let mut changes = one.iter().filter_map(|(stem, role)| {
        let now = other.get(stem)?;
        (now != role).then_some((*role, *now))
    });
    let mut seen = Vec::new();
    changes.any(|(before, after)| {
        seen.push((before, after));
        seen.contains(&(after, before))
    })
}

/// The same words of substance in another order, around a word that says who is what; or just two
/// of them exchanged with another between.
fn moved(one: &Scan<'_>, other: &Scan<'_>) -> bool {
    let texts = |scan: &Scan<'_>| -> Vec<String> {
        scan.stems.iter().map(|stem| stem.text.clone().into_owned()).collect()
    };
    if one.stems.len() != other.stems.len() || one.stems.len() < 2 {
        return false;
    }
    let (first, second) = (texts(one), texts(other));
    let (mut sorted, mut also) = (first.clone(), second.clone());
    sorted.sort_unstable();
    also.sort_unstable();
    if first == second || sorted != also {
        return false;
    }
    let directed =
        |scan: &Scan<'_>| scan.words.iter().any(|word| DIRECTED.contains(&word.low.as_ref()));
    let places: Vec<_> = (0..first.len()).filter(|at| first[*at] != second[*at]).collect();
    (directed(one) && directed(other)) || matches!(places[..], [a, b] if b > a + 1)
}
