//! Names, as far as capitals and digits show them.

use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

use super::scan::Scan;
use super::words::{Kind, Word};

/// Words that name nothing: of grammar, and those that questions begin with.
const COMMON: &str = "a an the this that these those some any each every all both either of in on at by for with about from to into \
    onto over under between among through during as than like near off out up down and or but so if then else when while \
    because since until though although is am are was were be been being do does did done has have had having will would \
    shall should can could may might must ought i me my mine myself we us our ours you your yours he him his she her hers \
    it its they them their theirs who whom whose which what where why how there here not no yes please just also too very \
    really let's let me what's how's where's who's it's i'm i'd i've i'll you're we're they're there's that's one ones way \
    give tell show list name suggest explain describe write recommend hi hello hey thanks thank";

/// Words that sentences begin with, capital or not.
const STARTERS: &str = "give tell show explain describe list write make create find translate summarize summarise compare convert \
    calculate compute define name suggest recommend help need want looking hello hi hey thanks thank ok okay sorry dear \
    generate provide draft rewrite fix solve use add remove delete set get go is are can could would should does do did \
    people men women man woman boy girl children kids person someone two three four five six seven eight nine ten";

static COMMON_WORDS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| COMMON.split_whitespace().collect());
static STARTER_WORDS: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| STARTERS.split_whitespace().collect());

/// Whether the word, in small letters, is one of grammar.
pub(super) fn is_common(low: &str) -> bool {
    COMMON_WORDS.contains(low)
}

/// What the one names, the other must have among its words.
pub(super) fn differ(one: &Scan<'_>, other: &Scan<'_>) -> bool {
    lacks(other, &names(one)) || lacks(one, &names(other)) || begin_with_different_names(one, other)
}

fn lacks(scan: &Scan<'_>, names: &BTreeSet<&str>) -> bool {
    let has = |name: &str| scan.words.iter().any(|word| bare(&word.low) == name);
    names.iter().any(|name| !has(name))
}

fn bare(low: &str) -> &str {
    low.strip_suffix("'s").unwrap_or(low)
}

fn names<'s>(scan: &'s Scan<'_>) -> BTreeSet<&'s str> {
    let words = || scan.words.iter().filter(|word| word.kind == Kind::Letters);
    let capitals = words().filter(|word| is_capital(word)).count();
    // A heading, or somebody shouts: capitals say nothing.
    let everywhere = capitals * 3 > words().count() * 2 && words().count() > 3;
    let dated = |word: &Word<'_>| {
        super::dates::take(std::slice::from_ref(word), &mut super::scan::Taken::none(1)).is_empty()
    };
    let is_name = |word: &&Word<'_>| {
        !is_common(&word.low)
            && (is_identifier(word)
                || (!everywhere
                    && is_capital(word)
                    && (!word.first || is_acronym(word))
                    && dated(word)))
    };
    words().filter(is_name).map(|word| bare(&word.low)).collect()
}

/// Two sentences that begin with capitalised words of substance, and not with each other's.
fn begin_with_different_names(one: &Scan<'_>, other: &Scan<'_>) -> bool {
    let first = |scan: &Scan<'_>| -> Option<String> {
        let word =
            scan.words.first().filter(|word| word.kind == Kind::Letters && is_capital(word))?;
        let plain = is_common(&word.low) || STARTER_WORDS.contains(word.low.as_ref());
        (!plain).then(|| bare(&word.low).to_owned())
    };
    let has = |scan: &Scan<'_>, name: &str| scan.words.iter().any(|word| bare(&word.low) == name);
    match (first(one), first(other)) {
        (Some(a), Some(b)) => {
            one.stems.len() == other.stems.len() && !has(one, &b) && !has(other, &a)
        }
        _ => false,
    }
}

fn is_capital(word: &Word<'_>) -> bool {
    word.raw.starts_with(|c: char| c.is_uppercase()) && word.low != "i"
}

/// `NASA`.
fn is_acronym(word: &Word<'_>) -> bool {
    word.raw.chars().count() > 1 && word.raw.chars().all(|c| c.is_uppercase() || c.is_ascii_digit())
}

/// Letters and digits in one: `GPT4`, `A4`, `v2`.
fn is_identifier(word: &Word<'_>) -> bool {
    word.low.bytes().any(|b| b.is_ascii_digit())
}
