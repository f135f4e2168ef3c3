//! What must be the same letter for letter: code, and what stands between quotation marks.

use super::scan::Scan;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Literals<'t> {
    /// Sorted, each once.
    pub(super) code: Vec<&'t str>,
    quotes: Vec<&'t str>,
}

pub(super) fn of(text: &str) -> Literals<'_> {
    let mut found = Literals::default();
    spans(text, &mut found);
    found.code.extend(text.split_whitespace().filter_map(technical));
    found.code.sort_unstable();
    found.code.dedup();
    found.quotes.sort_unstable();
    found.quotes.dedup();
    found
}

/// What one quotes, the other must quote too, or if it quotes nothing at all, at least say.
pub(super) fn quotes_differ(one: &Scan<'_>, other: &Scan<'_>) -> bool {
    let (first, second) = (&one.literals.quotes, &other.literals.quotes);
    if !first.is_empty() && !second.is_empty() {
        return first != second;
    }
    let missing = |quotes: &[&str], text: &str| quotes.iter().any(|quote| !text.contains(quote));
    missing(first, other.text) || missing(second, one.text)
}

const PAIRS: [(char, char); 7] =
    [('"', '"'), ('“', '”'), ('‘', '’'), ('「', '」'), ('『', '』'), ('《', '》'), ('«', '»')];

fn spans<'t>(text: &'t str, found: &mut Literals<'t>) {
    let mut rest = text;
    while let Some(at) = rest.find(|c| c == '`' || PAIRS.iter().any(|(open, _)| *open == c)) {
        let Some(open) = rest[at..].chars().next() else { break };
        let fence = rest[at..].len() - rest[at..].trim_start_matches(open).len();
        let width = if open == '`' { fence } else { open.len_utf8() };
        let inside = &rest[at + width..];
        let close = PAIRS.iter().find(|(mark, _)| *mark == open).map_or('`', |(_, close)| *close);
        let Some(end) = inside.find(close) else {
            rest = inside; // It is never closed: an inch, an apostrophe, a slip.
            continue;
        };
        let literal = inside[..end].trim();
        if !literal.is_empty() {
            if open == '`' { found.code.push(literal) } else { found.quotes.push(literal) }
        }
        rest = inside[end..].trim_start_matches(close);
    }
}

/// A word that belongs to a machine: an identifier, a path, an option, an address.
fn technical(word: &str) -> Option<&str> {
    let word = word.trim_start_matches(['(', '[', '{', '"', '\'', '“', '‘', '`', '<', ',']);
    let mut word = word.trim_end_matches(['.', ',', '?', '!', ';', ':', '"', '\'', '”', '’', '`']);
    while let Some(shorter) = word.strip_suffix(')').filter(|shorter| !shorter.contains('(')) {
        word = shorter;
    }
    // Particles follow without a space.
    let end = word.char_indices().rev().find(|(_, c)| c.is_ascii()).map_or(0, |(at, _)| at + 1);
    let word = word[..end].trim_end_matches(['.', ',', '?', '!', ')', '"', '\'']);
    let letters = word.bytes().any(|b| b.is_ascii_alphabetic());
    (letters && word.is_ascii() && is_technical(word.as_bytes())).then_some(word)
}

fn is_technical(word: &[u8]) -> bool {
    const MARKS: &[u8] = b"_\\({[=<>@|&#~^*+";
    let inside = word.iter().skip(1).any(|b| MARKS.contains(b));
    let option =
        matches!(word, [b'-', b'-' | b'a'..=b'z' | b'A'..=b'Z', ..] | [b'_' | b'@' | b'#', ..]);
    let path =
        word.windows(2).any(|pair| pair == b"::" || pair == b"//") || word.first() == Some(&b'/');
    inside || option || path || has_inner_point(word) || is_camel_case(word)
}

/// `main.rs`, `example.com`; not `e.g.`.
fn has_inner_point(word: &[u8]) -> bool {
    let parts: Vec<_> = word.split(|b| *b == b'.').collect();
    parts.len() > 1
        && parts.iter().all(|part| !part.is_empty())
        && parts.iter().any(|part| part.len() > 1)
        && parts.last().is_some_and(|last| last.first().is_some_and(u8::is_ascii_alphabetic))
}

/// `useState`; not `McDonald`, nor `iPhone`.
fn is_camel_case(word: &[u8]) -> bool {
    let begins_small = word.iter().take(2).all(u8::is_ascii_lowercase);
    begins_small && word.iter().any(u8::is_ascii_uppercase)
}
