//! Tags and words as servers keep them: hashed, so that no character of theirs is ever part of a
//! query, of a list or of JSON. 128 bits of SHA-256 in hexadecimal digits.

use std::collections::BTreeSet;
use std::fmt::Write;

use cache_core::vector::{AttributeValue, words};
use sha2::{Digest, Sha256};

/// What stands for a tag or a word.
pub(super) fn term(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest[..16].iter().fold(String::with_capacity(32), |mut term, byte| {
        let _ = write!(term, "{byte:02x}");
        term
    })
}

/// The terms of a value that is asked for by terms, each once.
pub(super) fn of_value(value: &AttributeValue) -> BTreeSet<String> {
    match value {
        AttributeValue::Tags(tags) => tags.iter().map(|tag| term(tag)).collect(),
        AttributeValue::Text(text) => words(text).map(|word| term(&word)).collect(),
        _ => BTreeSet::new(),
    }
}

/// The terms of the words that are asked for.
pub(super) fn of_words(text: &str) -> BTreeSet<String> {
    words(text).map(|word| term(&word)).collect()
}

/// A finite number so that it is read back to the last bit; -0 is 0.
pub(super) fn number(number: f64) -> String {
    format!("{:e}", number + 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_hold_nothing_but_digits() {
        for text in ["", "a", "}|{ \"'\\,*", "\u{c7ac}\u{c2dc}\u{b3c4}"] {
            let term = term(text);
            assert!(term.len() == 32 && term.bytes().all(|c| c.is_ascii_hexdigit()), "{text}");
        }
        assert_ne!(term("a"), term("A"));
        assert_eq!(of_words("Be - be!").len(), 1);
        assert_eq!(number(-0.0), "0e0");
        assert_eq!(number(5e-324).parse(), Ok(5e-324));
    }
}
