//! Whether a text denies.

use super::words::{Kind, Word};

const ENGLISH: [&str; 26] = [
    "not", "no", "never", "none", "neither", "nor", "without", "cannot", "nothing", "nobody",
    "nowhere", "unable", "except", "hardly", "barely", "dont", "doesnt", "didnt", "cant", "wont",
    "isnt", "arent", "wasnt", "shouldnt", "couldnt", "wouldnt",
];

/// Forms that begin a word. `안` stands for itself or before the commonest verbs.
const KOREAN_BEGINNINGS: [&str; 17] = [
    "않", "못하", "못해", "못한", "못할", "못합", "안되", "안돼", "안된", "안됩", "안해", "안하",
    "안나", "안먹", "안들", "안받", "안가",
];

/// Forms that may stand anywhere in a word.
const KOREAN_PARTS: [&str; 4] = ["지않", "없", "아니", "지못"];

/// How often it denies. Two texts that ask the same deny alike.
pub(super) fn count(words: &[Word<'_>]) -> usize {
    let denies = |at: &usize| match words[*at].kind {
        Kind::Letters => is_english(&words[*at].low),
        Kind::Hangul => is_korean(words[*at].raw) || forbids(words, *at),
        Kind::Number | Kind::Sign => false,
    };
    (0..words.len()).filter(denies).count()
}

pub(super) fn is_english(word: &str) -> bool {
    ENGLISH.contains(&word) || word.ends_with("n't")
}

fn is_korean(word: &str) -> bool {
    matches!(word, "안" | "못")
        || KOREAN_BEGINNINGS.iter().any(|form| word.starts_with(form))
        || KOREAN_PARTS.iter().any(|form| word.contains(form))
}

/// `하지 마세요`, `하지 말고`.
fn forbids(words: &[Word<'_>], at: usize) -> bool {
    let word = words[at].raw;
    let form = matches!(word, "마" | "마라" | "말고" | "말자")
        || word.starts_with("말아")
        || word.starts_with("마세")
        || word.starts_with("마십");
    let after = at.checked_sub(1).is_some_and(|before| words[before].raw.ends_with('지'));
    (form && after) || word.contains("지마") || word.contains("지말")
}
