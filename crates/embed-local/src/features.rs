//! What of a text is compared: words, pairs of words, and parts of words.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::hangul;
use crate::hash::Hash64;
use crate::letters::{Class, comparable};

/// Longer words are cut, so that a text without spaces takes no more memory than another.
const LONGEST_WORD: usize = 64;
/// Marks the ends of a word in its parts.
const END: char = '\u{0}';
/// So many different features of one kind are told apart. It bounds the memory for any text.
const HASH_BITS: u32 = 18;

/// Kinds of features, with how much each counts: chosen so that likeness goes well with what people
/// say of pairs of English and Korean sentences.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    Word,
    ShortWord,
    Pair,
    /// Three letters in a row.
    Letters,
    /// Two syllables or two ideographs in a row.
    Syllables,
    /// One ideograph.
    Ideograph,
    /// Three jamo in a row: what stays of a Korean word when its ending changes.
    Jamo,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Word,
        Self::ShortWord,
        Self::Pair,
        Self::Letters,
        Self::Syllables,
        Self::Ideograph,
        Self::Jamo,
    ];

    fn weight(self) -> i64 {
        match self {
            Self::Word => 10,
            Self::ShortWord => 3,
            Self::Pair => 3,
            Self::Letters => 14,
            Self::Syllables => 14,
            Self::Ideograph => 6,
            Self::Jamo => 14,
        }
    }
}

/// How often each feature occurs in a text.
#[derive(Debug, Default)]
pub(crate) struct Features {
    counts: HashMap<u32, u32, BuildHasherDefault<AlreadyHashed>>,
    words: u64,
    last_word: Option<u64>,
}

impl Features {
    /// Takes a text apart, in one pass.
    pub(crate) fn of(text: &str) -> Self {
        let mut features = Self::default();
        let mut word = Vec::with_capacity(LONGEST_WORD);
        let mut class = Class::Other;
        for c in comparable(text) {
            let next = Class::of(c);
            if next != class || next == Class::Emoji || word.len() == LONGEST_WORD {
                features.add_run(class, &word);
                word.clear();
                class = next;
            }
            if next != Class::Other {
                word.push(c);
            }
        }
        features.add_run(class, &word);
        features
    }

    /// Words of the text; an ideograph counts as one.
    pub(crate) fn words(&self) -> u64 {
        self.words
    }

    /// Each feature's hash and how much it counts in this text, in no particular order.
    pub(crate) fn weighted(&self) -> impl Iterator<Item = (u64, i64)> {
        self.counts.iter().map(|(id, count)| {
            let kind = Kind::ALL[(id >> HASH_BITS) as usize];
            (u64::from(*id), kind.weight() * damped(*count))
        })
    }

    fn add_run(&mut self, class: Class, run: &[char]) {
        if run.is_empty() {
            return;
        }
        match class {
            Class::Letter => self.add_word(run),
            Class::Hangul => self.add_hangul(run),
            Class::Ideograph => self.add_ideographs(run),
            Class::Emoji => self.add_whole(Kind::Word, run),
            Class::Other => {}
        }
    }

    /// Short words are mostly those that every text has ("the", "of"), and have no parts.
    fn add_word(&mut self, word: &[char]) {
        if word.len() <= 3 {
            return self.add_whole(Kind::ShortWord, word);
        }
        self.add_whole(Kind::Word, word);
        self.add_parts(Kind::Letters, word.iter().copied(), 3);
    }

    fn add_hangul(&mut self, word: &[char]) {
        self.add_whole(Kind::Word, word);
        self.add_parts(Kind::Syllables, word.iter().copied(), 2);
        self.add_parts(Kind::Jamo, word.iter().flat_map(|c| hangul::decompose(*c)), 3);
    }

    /// There is no telling where their words begin and end.
    fn add_ideographs(&mut self, run: &[char]) {
        self.words += run.len() as u64;
        self.last_word = None;
        for c in run {
            self.add(Kind::Ideograph, Hash64::new(0).of_chars(&[*c]));
        }
        for pair in run.windows(2) {
            self.add(Kind::Syllables, Hash64::new(0).of_chars(pair));
        }
    }

    fn add_whole(&mut self, kind: Kind, word: &[char]) {
        self.words += 1;
        let hash = Hash64::new(0).of_chars(word);
        self.add(kind, hash);
        if let Some(last) = self.last_word.replace(hash.finish()) {
            self.add(Kind::Pair, Hash64::new(1).with(last).with(hash.finish()));
        }
    }

    /// Adds every run of `length` characters, the ends of the word counting as characters.
    fn add_parts(&mut self, kind: Kind, word: impl Iterator<Item = char>, length: usize) {
        let mut marked = vec![END];
        marked.extend(word);
        marked.push(END);
        for part in marked.windows(length) {
            self.add(kind, Hash64::new(0).of_chars(part));
        }
    }

    fn add(&mut self, kind: Kind, hash: Hash64) {
        let hash = u32::try_from(hash.finish() >> (64 - HASH_BITS)).unwrap_or(0);
        let id = ((kind as u32) << HASH_BITS) | hash;
        let count = self.counts.entry(id).or_insert(0);
        *count = count.saturating_add(1);
    }
}

/// How much an occurrence counts once, for `count` occurrences: the logarithm to base 2, straight
/// between powers of two, plus one; in units of 1/256. Of integers alone, so that every
/// machine has the same.
fn damped(count: u32) -> i64 {
    const ONE: i64 = 256;
    let power = count.max(1).ilog2();
    let rest = i64::from(count) - (1 << power);
    ONE + i64::from(power) * ONE + ((rest * ONE) >> power)
}

/// Spreads the features' numbers, which are hashes already, over a table.
#[derive(Debug, Default)]
struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.0 = (self.0 ^ u64::from(number)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted() {
        for (text, words) in [
            ("", 0),
            (" \t…!", 0),
            ("one two", 2),
            ("it's", 2),
            ("Redis는 빠르다.", 3),
            ("日本語", 3),
            ("😀🎉", 2),
            ("3개", 2),
        ] {
            assert_eq!(Features::of(text).words(), words, "{text}");
        }
        assert_eq!(Features::of(&"x".repeat(640)).words(), 10);
    }

    #[test]
    fn repetition_counts_ever_less() {
        let steps: Vec<i64> = [1, 2, 3, 4, 8, 1 << 20].map(damped).to_vec();
        assert_eq!(steps, [256, 512, 640, 768, 1024, 21 * 256]);
        assert_eq!(damped(u32::MAX), 32 * 256 + 255);
    }
}
