//! Numbers in digits and in words, with what they count.

use super::scan::Taken;
use super::units::{self, Dimension, Unit};
use super::words::{Kind, Word};
use super::{english, korean};

/// A number of something; of a spoken unit without a number, the unit alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Value {
    Spoken(i128),
    /// In millionths.
    Number(i128),
    /// Too long or too odd for a number: a telephone's, a version, a score.
    Digits(String),
}

/// All quantities of a text, sorted.
#[derive(Debug, Default)]
pub(super) struct Quantities {
    all: Vec<(Dimension, Value)>,
    /// Ones in words, that may be articles.
    possible_ones: usize,
}

impl Quantities {
    fn of(&self, belongs: impl Fn(Dimension) -> bool) -> Vec<&(Dimension, Value)> {
        self.all.iter().filter(|(dimension, _)| belongs(*dimension)).collect()
    }

    pub(super) fn money(&self) -> Vec<&(Dimension, Value)> {
        self.of(Dimension::is_money)
    }

    pub(super) fn measures(&self) -> Vec<&(Dimension, Value)> {
        self.of(|dimension| !dimension.is_money() && dimension > Dimension::Ordinal)
    }

    /// Plain numbers and ordinals. A "one" may be an article: it need not be in the other text.
    pub(super) fn counts_differ(&self, other: &Self) -> bool {
        let one = (Dimension::Count, Value::Number(MILLION));
        let split = |quantities: &Self| {
            let counts = quantities.all.iter().filter(|(d, _)| *d <= Dimension::Ordinal);
            let (ones, others): (Vec<_>, Vec<_>) = counts.cloned().partition(|q| *q == one);
            (ones.len(), others)
        };
        let ((ones, first), (other_ones, second)) = (split(self), split(other));
        let apart =
            ones > other_ones + other.possible_ones || other_ones > ones + self.possible_ones;
        first != second || apart
    }
}

const MILLION: i128 = 1_000_000;

/// Takes the numbers out of what dates and times have left.
pub(super) fn take(words: &[Word<'_>], taken: &mut Taken) -> Quantities {
    let mut found = Quantities::default();
    let mut at = 0;
    while at < words.len() {
        if !taken.is_free(at) {
            at += 1;
            continue;
        }
        at += match words[at].kind {
            Kind::Number => number(words, at, &mut found),
            Kind::Letters => letters(words, at, &mut found),
            Kind::Hangul => hangul(words, at, &mut found),
            Kind::Sign => sign(words, at, &mut found),
        };
    }
    found.all.sort_unstable();
    found
}

impl Quantities {
    fn add(&mut self, value: f64, unit: Unit) {
        #[expect(clippy::cast_possible_truncation, reason = "saturates; nobody counts so far")]
        let millionths = (value * unit.factor * 1e6).round() as i128;
        self.all.push((unit.dimension, Value::Number(millionths)));
    }

    fn speak(&mut self, unit: Unit) {
        #[expect(clippy::cast_possible_truncation, reason = "factors are small")]
        let which = (unit.factor * 1e6).round() as i128;
        let spoken = (unit.dimension, Value::Spoken(which));
        if !self.all.contains(&spoken) {
            self.all.push(spoken); // How often it is spoken of does not matter.
        }
    }
}

const PLAIN: Unit = Unit { dimension: Dimension::Count, factor: 1.0 };

fn plain(dimension: Dimension) -> Unit {
    Unit { dimension, factor: 1.0 }
}

/// A number in digits, and what comes after. Gives how many words that was.
fn number(words: &[Word<'_>], at: usize, found: &mut Quantities) -> usize {
    let word = &words[at];
    let Some(mut value) = parse(&word.low) else {
        found.all.push((Dimension::Count, Value::Digits(word.low.to_string())));
        return 1;
    };
    if at > 0
        && words[at - 1].kind == Kind::Sign
        && words[at - 1].raw.starts_with(super::words::is_minus)
    {
        value = -value;
    }
    let mut length = 1;
    if let Some(next) = words.get(at + length) {
        if next.kind == Kind::Hangul {
            return korean_after(words, at, value, found);
        }
        if let Some(factor) = scale(&next.low, next.attached) {
            value *= factor;
            length += 1;
        } else if next.attached && matches!(next.low.as_ref(), "st" | "nd" | "rd" | "th") {
            found.add(value, plain(Dimension::Ordinal));
            return 2;
        }
    }
    length += with_unit(words, at, at + length, value, found);
    length
}

/// The unit after a number, or the sign of currency before it.
fn with_unit(
    words: &[Word<'_>],
    at: usize,
    after: usize,
    value: f64,
    found: &mut Quantities,
) -> usize {
    let before = at.checked_sub(1).map(|at| &words[at]).filter(|word| word.kind == Kind::Sign);
    if let Some(unit) =
        before.and_then(|sign| units::unit(sign.raw)).filter(|u| u.dimension.is_money())
    {
        found.add(value, unit);
        return 0;
    }
    let Some(next) = words.get(after) else {
        found.add(value, PLAIN);
        return 0;
    };
    let follows = |offset: usize| words.get(after + offset).map(|word| word.low.as_ref());
    if next.low == "°" || matches!(next.low.as_ref(), "degree" | "degrees") {
        let unit = match follows(1) {
            Some("f" | "fahrenheit") => Some(Dimension::Fahrenheit),
            Some("c" | "celsius" | "centigrade") => Some(Dimension::Celsius),
            _ => None,
        };
        found.add(value, unit.map_or(PLAIN, plain));
        return 1 + usize::from(unit.is_some());
    }
    // "in" after a number is a word, "v" and "s" may be one.
    let short = next.low.len() < 2 && !next.attached && next.kind == Kind::Letters;
    match units::unit(&next.low).filter(|_| !short) {
        Some(unit) => {
            found.add(value, unit);
            1
        }
        None => {
            found.add(value, PLAIN);
            0
        }
    }
}

/// `3만 5천 원`, `20명`, `5km를`.
fn korean_after(words: &[Word<'_>], at: usize, first: f64, found: &mut Quantities) -> usize {
    let (mut value, mut rest, mut length) = (first, words[at + 1].raw, 2);
    let mut multiplied = false;
    if let Some((factor, left)) = korean::multiplier(rest).filter(|_| words[at + 1].attached) {
        #[expect(clippy::cast_precision_loss, reason = "powers of ten")]
        let factor = factor as f64;
        (value, rest, multiplied) = (value * factor, left, true);
    }
    if multiplied && rest.is_empty() {
        // More digits may follow, smaller ones.
        if let [number, word, ..] = &words[at + length..]
            && number.kind == Kind::Number
            && let Some((factor, left)) = korean::multiplier(word.raw)
            && let Some(more) = parse(&number.low)
        {
            #[expect(clippy::cast_precision_loss, reason = "powers of ten")]
            let more = more * factor as f64;
            (value, rest, length) = (value + more, left, length + 2);
        }
        if rest.is_empty() {
            match words.get(at + length).filter(|word| word.kind == Kind::Hangul) {
                Some(next) => (rest, length) = (next.raw, length + 1),
                None => {
                    found.add(value, PLAIN);
                    return length;
                }
            }
        }
    }
    match units::korean_prefix(rest) {
        Some((unit, left)) if korean::is_particle(left) || left.chars().count() < 4 => {
            found.add(value, unit);
            length
        }
        _ => {
            found.add(value, PLAIN);
            // The word may be anything: it is read again, unless it was the multiplier's.
            if korean::counter(rest).is_some() || multiplied { length } else { 1 }
        }
    }
}

fn sign(words: &[Word<'_>], at: usize, found: &mut Quantities) -> usize {
    let before_number = words.get(at + 1).is_some_and(|word| word.kind == Kind::Number);
    if !before_number && let Some(unit) = units::spoken(words[at].raw) {
        found.speak(unit);
    }
    1
}

/// Digits with separators: `1,234.5`. `None` for what is no number, and for very long ones.
pub(super) fn parse(low: &str) -> Option<f64> {
    let grouped = low.contains(',');
    let sound = !grouped
        || low
            .split(['.'])
            .next()
            .is_some_and(|whole| whole.split(',').skip(1).all(|g| g.len() == 3));
    let points = low.matches('.').count();
    if low.len() > 18 || !sound || points > 1 || low.contains([':', '/', '-']) {
        return None;
    }
    low.replace(',', "").parse().ok()
}

/// `5k`, `3 million`.
fn scale(low: &str, attached: bool) -> Option<f64> {
    match low {
        "thousand" => Some(1e3),
        "million" | "mn" => Some(1e6),
        "billion" | "bn" => Some(1e9),
        "trillion" => Some(1e12),
        "hundred" => Some(1e2),
        "dozen" => Some(12.0),
        "k" if attached => Some(1e3),
        _ => None,
    }
}

/// A number in English words, or the name of a unit.
fn letters(words: &[Word<'_>], at: usize, found: &mut Quantities) -> usize {
    let low = words[at].low.as_ref();
    if let Some(value) = english::ordinal(low) {
        found.add(f64::from(value), plain(Dimension::Ordinal));
        return 1;
    }
    if low == "second" && at.checked_sub(1).is_some_and(|at| words[at].low == "the") {
        found.add(2.0, plain(Dimension::Ordinal));
        return 1;
    }
    let (value, length) = english::number(&words[at..]);
    if length == 0 {
        if let Some(unit) = units::spoken(low) {
            found.speak(unit);
        }
        return 1;
    }
    let next = words.get(at + length).filter(|next| next.kind != Kind::Hangul);
    if low == "one" && length == 1 && next.is_none_or(|next| units::unit(&next.low).is_none()) {
        found.possible_ones += 1;
        return 1;
    }
    #[expect(clippy::cast_precision_loss, reason = "nobody writes such numbers in words")]
    let value = value as f64;
    length + with_unit(words, at, at + length, value, found)
}

/// A number in Korean words with what it counts, or the name of a unit.
fn hangul(words: &[Word<'_>], at: usize, found: &mut Quantities) -> usize {
    let word = words[at].raw;
    if let Some(numeral) = korean::numeral(word) {
        #[expect(clippy::cast_precision_loss, reason = "nobody writes such numbers in words")]
        let value = numeral.value as f64;
        let next = words.get(at + 1).filter(|next| next.kind == Kind::Hangul).map(|next| next.raw);
        if numeral.rest.is_empty() {
            if let Some(length) = alone(&numeral, value, next, found) {
                return length;
            }
        } else if let Some((unit, left)) = units::korean_prefix(numeral.rest)
            && (korean::is_particle(left) || left == "간")
            && (numeral.syllables > 1 || numeral.native || sure(numeral.rest))
        {
            found.add(value, unit);
            return 1;
        } else if let Some(left) = korean::counter(numeral.rest)
            && korean::is_particle(left)
            && (numeral.native || numeral.syllables > 1)
        {
            count(&numeral, value, found);
            return 1;
        }
    }
    let (stem, _) = korean::stem(word);
    if let Some(unit) = units::spoken(stem) {
        found.speak(unit);
    }
    1
}

/// Units that make a number of the syllable before them: `삼년`, not `사원`.
fn sure(rest: &str) -> bool {
    ["퍼센트", "달러", "킬로", "미터", "개월", "시간", "년간", "주일"]
        .iter()
        .any(|unit| rest.starts_with(unit))
}

/// A numeral that is a word of its own, before what it counts.
fn alone(
    numeral: &korean::Numeral<'_>,
    value: f64,
    next: Option<&str>,
    found: &mut Quantities,
) -> Option<usize> {
    if !numeral.native && numeral.syllables < 2 {
        return None; // "이" is this, "만" is only.
    }
    if let Some((unit, left)) = next.and_then(units::korean_prefix)
        && korean::is_particle(left)
    {
        found.add(value, unit);
        return Some(2);
    }
    let counted = next.is_some_and(|next| korean::counter(next).is_some());
    if counted || next.is_some() || numeral.syllables > 1 {
        count(numeral, value, found);
        return Some(1 + usize::from(counted));
    }
    None
}

fn count(numeral: &korean::Numeral<'_>, value: f64, found: &mut Quantities) {
    if numeral.native && numeral.value == 1 {
        found.possible_ones += 1;
    } else {
        found.add(value, PLAIN);
    }
}
