//! Cutting a text into words.

use std::borrow::Cow;

/// A word, a number or a sign that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word<'t> {
    /// As it is written.
    pub(super) raw: &'t str,
    /// In small letters, with plain digits.
    pub(super) low: Cow<'t, str>,
    pub(super) kind: Kind,
    /// The first of a sentence.
    pub(super) first: bool,
    /// Nothing stands between it and the word before.
    pub(super) attached: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Digits, with separators between them.
    Number,
    /// Latin and other letters; digits may follow.
    Letters,
    Hangul,
    /// A sign of currency, of percent, of degrees, or a minus before a number.
    Sign,
}

pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut cutter = Cutter { text, at: 0, words: Vec::new(), first: true, end: 0 };
    while let Some(c) = cutter.peek() {
        cutter.step(c);
    }
    cutter.words
}

struct Cutter<'t> {
    text: &'t str,
    at: usize,
    words: Vec<Word<'t>>,
    first: bool,
    /// Where the last word ended.
    end: usize,
}

impl<'t> Cutter<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn step(&mut self, c: char) {
        if digit(c).is_some() {
            self.take(Kind::Number, number_length(self.rest()));
        } else if is_hangul(c) {
            self.take(Kind::Hangul, length_while(self.rest(), is_hangul));
        } else if c.is_alphabetic() && !is_jamo(c) {
            self.take(Kind::Letters, letters_length(self.rest()));
        } else if is_sign(c) || (is_minus(c) && self.minus_counts(c)) {
            self.take(Kind::Sign, c.len_utf8());
        } else {
            self.first |= matches!(c, '.' | '!' | '?' | '\n' | ':' | ';' | '。' | '•');
            self.at += c.len_utf8();
        }
    }

    fn take(&mut self, kind: Kind, length: usize) {
        let raw = &self.rest()[..length];
        let attached = self.at == self.end && !self.words.is_empty();
        self.words.push(Word { raw, low: lowered(raw), kind, first: self.first, attached });
        self.at += length;
        self.end = self.at;
        self.first = false;
    }

    /// A minus before a number, and not between two.
    fn minus_counts(&self, c: char) -> bool {
        let after = self.rest()[c.len_utf8()..].chars().next();
        let before = self.text[..self.at].chars().next_back();
        after.and_then(digit).is_some() && before.is_none_or(|c| c.is_whitespace() || c == '(')
    }
}

fn lowered(raw: &str) -> Cow<'_, str> {
    if raw.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        || raw.chars().all(is_hangul)
    {
        return Cow::Borrowed(raw);
    }
    let plain = |c: char| match digit(c) {
        Some(digit) => char::from(b'0' + digit),
        None if c == '’' => '\'',
        None => c,
    };
    Cow::Owned(raw.chars().map(plain).flat_map(char::to_lowercase).collect())
}

/// Digits, also wide ones.
pub(super) fn digit(c: char) -> Option<u8> {
    let of = |zero: u32| u8::try_from(u32::from(c) - zero).ok();
    match c {
        '0'..='9' => of(0x30),
        '０'..='９' => of(0xff10),
        _ => None,
    }
}

/// Single letters of the Korean script are laughter and tears.
fn is_jamo(c: char) -> bool {
    matches!(c, '\u{3131}'..='\u{3163}')
}

/// Whole syllables only.
pub(super) fn is_hangul(c: char) -> bool {
    matches!(c, '가'..='힣')
}

fn is_sign(c: char) -> bool {
    matches!(c, '$' | '€' | '£' | '¥' | '₩' | '₹' | '%' | '°' | '℃' | '℉' | '％' | '￦')
}

pub(super) fn is_minus(c: char) -> bool {
    matches!(c, '-' | '−' | '–')
}

fn length_while(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// Digits, and between two of them a point, a comma, a colon, a slash or a hyphen.
fn number_length(text: &str) -> usize {
    let mut length = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, c)| *c);
        let joins = matches!(c, '.' | ',' | ':' | '/' | '-') && next.and_then(digit).is_some();
        if digit(c).is_none() && !joins {
            break;
        }
        length = at + c.len_utf8();
    }
    length
}

/// Letters, then letters and digits, and between two of them an apostrophe.
fn letters_length(text: &str) -> usize {
    let belongs = |c: char| (c.is_alphanumeric() && !is_hangul(c)) || is_mark(c);
    let mut length = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, c)| *c);
        let joins = matches!(c, '\'' | '’') && next.is_some_and(belongs);
        if !belongs(c) && !joins {
            break;
        }
        length = at + c.len_utf8();
    }
    length
}

/// Accents that are characters of their own.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

/// An English word without its common endings: the same for `stops`, `stopped` and `stopping`.
pub(super) fn stem(word: &str) -> Cow<'_, str> {
    if !word.is_ascii() || word.len() < 4 {
        return Cow::Borrowed(word);
    }
    let word = word.strip_suffix("'s").unwrap_or(word);
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 2) {
        return Cow::Owned(format!("{stem}y"));
    }
    let long =
        |ending: &str, least: usize| word.strip_suffix(ending).filter(|stem| stem.len() >= least);
    if let Some(stem) = long("ing", 3).or_else(|| long("ed", 3)) {
        let bytes = stem.as_bytes();
        let doubled = matches!(bytes, [.., a, b] if a == b && !b"aeiouls".contains(a));
        return Cow::Borrowed(stem[..stem.len() - usize::from(doubled)].trim_end_matches('e'));
    }
    let single = || long("s", 3).filter(|stem| !stem.ends_with('s') && !stem.ends_with('u'));
    let sibilant = || {
        long("es", 3).filter(|stem| ["s", "x", "ch", "sh", "z"].iter().any(|e| stem.ends_with(e)))
    };
    Cow::Borrowed(sibilant().or_else(single).unwrap_or(word).trim_end_matches('e'))
}
