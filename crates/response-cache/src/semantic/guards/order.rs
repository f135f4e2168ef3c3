//! Whether two texts have the same words in exchanged parts.

use std::collections::HashMap;

use super::korean::Role;
use super::scan::{Scan, Stem};
use super::words::Word;

/// Words that give those before and after them different parts.
const DIRECTED: [&str; 15] = [
    "than", "to", "from", "into", "before", "after", "over", "under", "minus", "by", "versus",
    "above", "below", "behind", "against",
];

/// Where these are spoken of, `에서` is where from; elsewhere it may be just where.
const MOTIONS: [&str; 15] = [
    "가는", "가려", "갈", "오는", "올", "출발", "도착", "이동", "기차", "버스", "항공", "비행",
    "보내", "송금", "변환",
];

pub(super) fn differs(one: &Scan<'_>, other: &Scan<'_>) -> bool {
    roles_exchanged(&one.stems, &other.stems)
        || moved(one, other)
        || ways(one).iter().any(|(noun, way)| ways(other).get(noun).is_some_and(|now| now != way))
}

/// From where and to where, of each word after such a preposition, or with such a particle.
fn ways(scan: &Scan<'_>) -> HashMap<String, bool> {
    let mut ways = HashMap::new();
    let english = scan.words.iter().enumerate().filter_map(|(at, word)| {
        let away = match word.low.as_ref() {
            "from" => true,
            "to" | "into" | "towards" => false,
            _ => return None,
        };
        let noun = scan.words[at + 1..].iter().find(|next| !super::names::is_common(&next.low))?;
        Some((noun.low.to_string(), away))
    });
    ways.extend(english);
    let moves = |word: &Word<'_>| MOTIONS.iter().any(|motion| word.raw.starts_with(motion));
    if scan.words.iter().any(moves) {
        ways.extend(scan.stems.iter().filter_map(|stem| match stem.role {
            Role::From => Some((stem.text.to_string(), true)),
            Role::To if stem.raw.ends_with(['로', '지']) => Some((stem.text.to_string(), false)),
            _ => None,
        }));
    }
    ways
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
    (directed(one) && directed(other))
        || matches!(places[..], [a, b] if b > a + 1)
        || (begins_with_subject(one) && begins_with_subject(other) && places[0] == 0)
}

/// "A dog", "the dog": who does it, or what it is done to.
fn begins_with_subject(scan: &Scan<'_>) -> bool {
    scan.words.first().is_some_and(|word| matches!(word.low.as_ref(), "a" | "an" | "the"))
}
