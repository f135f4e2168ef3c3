//! Whether one text is the other with a word exchanged.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::scan::{Scan, Stem};

/// Words that may stand for each other: the commonest of questions.
const SYNONYMS: [&str; 58] = [
    "buy purchase get",
    "big large huge",
    "begin start",
    "photo picture image photograph",
    "car automobile vehicle",
    "fix repair solve resolve",
    "error issue problem trouble bug",
    "cost price",
    "quick fast quickly rapid",
    "child kid children",
    "woman lady women",
    "man guy men gentleman",
    "delete remove erase",
    "make create build",
    "change modify update edit alter",
    "find locate search",
    "show display",
    "use using utilize",
    "define definition meaning mean",
    "explain describe",
    "way method",
    "cell mobile phone telephone",
    "trip journey travel",
    "job work",
    "doctor physician",
    "film movie",
    "shop store",
    "end finish",
    "help assist",
    "tell inform",
    "speak talk",
    "cook prepare",
    "slice cut chop",
    "street road",
    "house home",
    "tiny small little",
    "road path",
    "couch sofa",
    "cancel terminate",
    "reset recover restore",
    "quit stop",
    "choose select pick",
    "receive get obtain",
    "send transmit",
    "ask inquire",
    "learn study",
    "fee charge",
    "shipping delivery",
    "laptop notebook",
    "bike bicycle",
    "money cash",
    "run jog",
    "leap jump",
    "throw toss",
    "방법 법",
    "어떻게 어떡해",
    "뭐야 무엇인가요 뭔가요 뭐예요 뭐지 무엇이야 뭐니 뭐임",
    "핸드폰 휴대폰 폰",
];

static CLASS: LazyLock<HashMap<String, usize>> = LazyLock::new(|| {
    let words = SYNONYMS.iter().enumerate().flat_map(|(class, words)| {
        words.split(' ').map(move |word| (super::words::stem(word).into_owned(), class))
    });
    words.collect()
});

/// Without a word in common it is not the same sentence.
const LEAST_IN_COMMON: usize = 1;
/// With more words that differ it is not the same sentence either, and comparing all of them with
/// each other would take long.
const MOST_APART: usize = 4;
/// Letters that two forms of one word have in common at the beginning.
const SAME_BEGINNING: usize = 4;

pub(super) fn differs(one: &Scan<'_>, other: &Scan<'_>) -> bool {
    let (first, second) = (sorted(one), sorted(other));
    let (mut gone, mut come) = (without(&first, &second), without(&second, &first));
    let common = first.len() - gone.len();
    if common < LEAST_IN_COMMON || gone.len().max(come.len()) > MOST_APART {
        return false;
    }
    // A Korean sentence ends in its verb, and the verb in the speaker's manners.
    if let (Some(a), Some(b)) = (verb(one), verb(other)) {
        let both = gone.contains(&a) && come.contains(&b);
        gone.retain(|word| !both || *word != a);
        come.retain(|word| !both || *word != b);
    }
    let apart = |words: &[&str], others: &[&str]| {
        words.iter().filter(|word| !others.iter().any(|other| alike(word, other))).count()
    };
    apart(&gone, &come) == 1 && apart(&come, &gone) == 1
}

fn sorted<'s>(scan: &'s Scan<'_>) -> Vec<&'s str> {
    let mut stems: Vec<_> = scan.stems.iter().map(text).collect();
    stems.sort_unstable();
    stems
}

/// The last word of a Korean sentence.
fn verb<'s>(scan: &'s Scan<'_>) -> Option<&'s str> {
    scan.stems.last().map(text).filter(|stem| !stem.is_ascii())
}

fn text<'s>(stem: &'s Stem<'_>) -> &'s str {
    &stem.text
}

/// What of the first, sorted, is not in the second, sorted.
fn without<'s>(first: &[&'s str], second: &[&str]) -> Vec<&'s str> {
    let (mut left, mut at) = (Vec::new(), 0);
    for word in first {
        while second.get(at).is_some_and(|other| other < word) {
            at += 1;
        }
        if second.get(at) == Some(word) { at += 1 } else { left.push(*word) }
    }
    left
}

/// Forms of one word, synonyms, or a slip of one letter.
fn alike(one: &str, other: &str) -> bool {
    let class = |word: &str| CLASS.get(word);
    let synonyms = class(one).is_some() && class(one) == class(other);
    let (first, second): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let common = first.iter().zip(&second).take_while(|(a, b)| a == b).count();
    let shorter = first.len().min(second.len());
    let least = if one.is_ascii() { SAME_BEGINNING } else { 2 };
    let forms = common >= least && common * 3 >= shorter * 2;
    let ends = first.iter().rev().zip(second.iter().rev()).take_while(|(a, b)| a == b).count();
    let slip = shorter >= 5 && common + ends + 1 >= first.len().max(second.len());
    synonyms || forms || slip
}
