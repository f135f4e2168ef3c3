//! All that the guards look at in one text.

use super::dates::Date;
use super::korean::{self, Role};
use super::language::{self, Script};
use super::literals::{self, Literals};
use super::numbers::{self, Quantities};
use super::opposites::{self, Sides};
use super::questions::{self, Asks};
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
    pub(super) asks: Asks,
    /// The words of substance, without endings, in their order.
    pub(super) stems: Vec<Stem<'t>>,
}

/// A word of substance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stem<'t> {
    pub(super) text: std::borrow::Cow<'t, str>,
    /// As it is written.
    pub(super) raw: &'t str,
    pub(super) role: Role,
}

impl<'t> Scan<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let literals = literals::of(text);
        let words = words::words(text);
        let mut taken = Taken::none(words.len());
        let dates = dates::take(&words, &mut taken);
        let times = times::take(&words, &mut taken);
        let stems = stems(&words, &taken);
        let quantities = numbers::take(&words, &mut taken);
        Self {
            text,
            script: language::of(text),
            negations: negation::count(&words),
            sides: opposites::sides(&words),
            asks: questions::of(&words),
            stems,
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

/// The words of substance that are no dates and times.
fn stems<'t>(words: &[Word<'t>], taken: &Taken) -> Vec<Stem<'t>> {
    let mut stems = Vec::with_capacity(words.len());
    for (at, word) in words.iter().enumerate() {
        match word.kind {
            _ if !taken.is_free(at) => {}
            Kind::Hangul if word.attached && korean::is_particle(word.raw) => {
                // The particle of a foreign word: its role is that word's.
                if let (Some(last), true) = (stems.last_mut(), at > 0) {
                    let last: &mut Stem<'_> = last;
                    last.role = korean::role(word.raw);
                }
            }
            Kind::Hangul if is_quantity(words, at) => stems.extend(calendar_unit(word)),
            Kind::Hangul if !korean::is_courtesy(word.raw) && !questions::is_korean(word.raw) => {
                let (stem, role) = korean::stem(word.raw);
                stems.push(Stem { text: stem.into(), raw: word.raw, role });
            }
            Kind::Letters
                if is_number(words, at)
                    || is_counted_unit(words, at)
                    || is_empty_phrase(words, at) => {}
            Kind::Letters
                if !super::names::is_common(&word.low) && !negation::is_english(&word.low) =>
            {
                let stem = match &word.low {
                    std::borrow::Cow::Borrowed(low) => words::stem(low),
                    std::borrow::Cow::Owned(low) => words::stem(low).into_owned().into(),
                };
                stems.push(Stem { text: stem, raw: word.raw, role: Role::None });
            }
            _ => {}
        }
    }
    stems
}

/// A word that says nothing where it stands: "how many", "the best way to", "how far away".
fn is_empty_phrase(words: &[Word<'_>], at: usize) -> bool {
    let is = |at: Option<usize>, names: &[&str]| {
        at.and_then(|at| words.get(at)).is_some_and(|word| names.contains(&word.low.as_ref()))
    };
    (is(Some(at), &["away"]) && words[..at].iter().any(|word| word.low == "far"))
        || (is(Some(at), &["many", "much"]) && is(at.checked_sub(1), &["how"]))
        || (is(Some(at), &["best", "good", "right", "proper", "correct"])
            && is(Some(at + 1), &["way", "ways", "method"]))
}

/// A number in English words.
fn is_number(words: &[Word<'_>], at: usize) -> bool {
    super::english::number(&words[at..]).1 > 0
        || matches!(words[at].low.as_ref(), "hundred" | "thousand" | "million" | "billion")
}

/// A unit after a number: its quantity says it all.
fn is_counted_unit(words: &[Word<'_>], at: usize) -> bool {
    let after_number = at
        .checked_sub(1)
        .is_some_and(|before| words[before].kind == Kind::Number || is_number(words, before));
    after_number && super::units::unit(&words[at].low).is_some()
}

/// What follows a number in digits, or a number in words with what it counts.
fn is_quantity(words: &[Word<'_>], at: usize) -> bool {
    let word = &words[at];
    let before = at.checked_sub(1).map(|before| &words[before]);
    let after_number = before.is_some_and(|before| before.kind == Kind::Number);
    let counted =
        |text: &str| super::units::korean_prefix(text).is_some() || korean::counter(text).is_some();
    let multiplied = |word: &Word<'_>| word.attached && korean::multiplier(word.raw).is_some();
    let alone = |word: &Word<'_>| numeral(word.raw).is_some_and(|numeral| numeral.rest.is_empty());
    (word.attached && after_number)
        || numeral(word.raw).is_some_and(|numeral| numeral.syllables > 1 && counted(numeral.rest))
        || (alone(word) && words.get(at + 1).is_some_and(|next| counted(next.raw)))
        || (counted(word.raw) && before.is_some_and(|before| alone(before) || multiplied(before)))
}

/// A number in Korean words, unless it is a syllable that mostly means something else.
fn numeral(word: &str) -> Option<korean::Numeral<'_>> {
    korean::numeral(word).filter(|numeral| numeral.native || numeral.syllables > 1)
}

/// Years, days, months and weeks are no units: their names mean other things as well. A number of
/// the one is no number of the other all the same.
fn calendar_unit<'t>(word: &Word<'t>) -> Option<Stem<'t>> {
    let unit =
        ["년", "일", "월", "달", "주"].into_iter().find(|unit| word.raw.starts_with(unit))?;
    (word.attached).then_some(Stem { text: unit.into(), raw: word.raw, role: Role::None })
}
