//! All that the guards look at in one text.

use super::dates::Date;
use super::korean::{self, Role};
use super::language::{self, Script};
use super::literals::{self, Literals};
use super::numbers::{self, Quantities};
use super::opposites::{self, Sides};
use super::times::Time;
use super::words::{self, Kind, Word};
use super::{dates, negation, times};

#[derive(Debug)]
pub(super) struct Scan<'t> {
    pub(super) text: &'t str,
    pub(super) script: Option<Script>,
    pub(super) literals: Literals<'t>,
    pub(super) words: Vec<Word<'t>>,
    pub(super) dates: Vec<Date>,
    pub(super) times: Vec<Time>,
    pub(super) quantities: Quantities,
    pub(super) negations: usize,
    pub(super) sides: Sides,
    /// The words of substance, without endings, in their order.
    pub(super) stems: Vec<Stem<'t>>,
}

/// A word of substance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stem<'t> {
    pub(super) text: std::borrow::Cow<'t, str>,
    pub(super) role: Role,
}

impl<'t> Scan<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let literals = literals::of(text);
        let words = words::words(text);
        let mut taken = Taken::none(words.len());
        let dates = dates::take(&words, &mut taken);
        let times = times::take(&words, &mut taken);
        let quantities = numbers::take(&words, &mut taken);
        Self {
            text,
            script: language::of(text),
            negations: negation::count(&words),
            sides: opposites::sides(&words),
            stems: stems(&words),
            literals,
            dates,
            times,
            quantities,
            words,
        }
    }
}

/// Which words are accounted for.
#[derive(Debug)]
pub(super) struct Taken(Vec<bool>);

impl Taken {
    /// Of so many words, none.
    pub(super) fn none(words: usize) -> Self {
        Self(vec![false; words])
    }

    /// Takes all that `find` finds at a word, with how many words it is; sorted, each once.
    pub(super) fn all<T: Ord>(
        &mut self,
        words: usize,
        find: impl Fn(&Self, usize) -> Option<(T, usize)>,
    ) -> Vec<T> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < words {
            match find(self, at) {
                Some((item, length)) => {
                    found.push(item);
                    self.take(at..at + length);
                    at += length;
                }
                None => at += 1,
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    pub(super) fn is_free(&self, at: usize) -> bool {
        self.0.get(at).is_some_and(|taken| !taken)
    }

    pub(super) fn take(&mut self, range: std::ops::Range<usize>) {
        self.0.iter_mut().take(range.end).skip(range.start).for_each(|taken| *taken = true);
    }
}

fn stems<'t>(words: &[Word<'t>]) -> Vec<Stem<'t>> {
    let mut stems = Vec::with_capacity(words.len());
    for (at, word) in words.iter().enumerate() {
        match word.kind {
            Kind::Hangul if word.attached && korean::is_particle(word.raw) => {
                // The particle of a foreign word: its role is that word's.
                if let (Some(last), true) = (stems.last_mut(), at > 0) {
                    let last: &mut Stem<'_> = last;
                    last.role = korean::role(word.raw);
                }
            }
            Kind::Hangul if is_quantity(words, at) => {}
            Kind::Hangul if !korean::is_courtesy(word.raw) => {
                let (stem, role) = korean::stem(word.raw);
                stems.push(Stem { text: stem.into(), role });
            }
            Kind::Letters if is_counted_unit(words, at) => {} // Its quantity says it all.
            Kind::Letters
                if !super::names::is_common(&word.low) && !negation::is_english(&word.low) =>
            {
                let stem = match &word.low {
                    std::borrow::Cow::Borrowed(low) => words::stem(low),
                    std::borrow::Cow::Owned(low) => words::stem(low).into_owned().into(),
                };
                stems.push(Stem { text: stem, role: Role::None });
            }
            _ => {}
        }
    }
    stems
}

/// A unit after a number in digits.
fn is_counted_unit(words: &[Word<'_>], at: usize) -> bool {
    let after_number = at.checked_sub(1).is_some_and(|before| words[before].kind == Kind::Number);
    after_number && super::units::unit(&words[at].low).is_some()
}

/// What follows a number in digits, or a number in words with its unit.
fn is_quantity(words: &[Word<'_>], at: usize) -> bool {
    let word = &words[at];
    let after_number = at.checked_sub(1).is_some_and(|before| words[before].kind == Kind::Number);
    let in_words = || {
        let numeral = korean::numeral(word.raw).filter(|numeral| numeral.syllables > 1);
        numeral.is_some_and(|numeral| super::units::korean_prefix(numeral.rest).is_some())
    };
    (word.attached && after_number) || in_words()
}
