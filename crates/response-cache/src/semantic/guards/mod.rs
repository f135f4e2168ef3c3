//! What two questions must have in common beside their meaning: a model finds "in 2023" and "in
//! 2024" all but the same.
//!
//! Everything here is a pure function of two texts, and symmetric: what a text has is taken out of
//! each, and compared.

mod content;
mod dates;
mod endings;
mod english;
mod forms;
mod korean;
mod language;
mod literals;
mod names;
mod negation;
mod numbers;
mod opposites;
mod order;
mod questions;
mod scan;
mod times;
mod units;
mod words;

use std::cell::OnceCell;

use content::Difference;
use scan::Scan;

/// What kept an answer from being given to another question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u8)]
pub enum Guard {
    /// The texts are written in different scripts: English and Korean, for instance.
    Language,
    /// Code between backticks, identifiers, paths, options or addresses differ.
    Code,
    /// Quoted strings differ.
    Quotes,
    /// Dates differ: days, months, years, days of the week, "tomorrow".
    Dates,
    /// Times of the day differ.
    Times,
    /// Amounts of money or currencies differ.
    Currencies,
    /// Amounts with a unit differ, or the units that are spoken of.
    Units,
    /// Numbers differ, in digits or in words.
    Numbers,
    /// One asks who where the other asks when: where, why, how, how much, whether.
    Question,
    /// One denies what the other does not.
    Negation,
    /// One has a word where the other has its opposite, or another of its kind: increase and
    /// decrease, north and south.
    Opposites,
    /// One names somebody or something that the other does not.
    Names,
    /// The same words with their parts exchanged: from A to B, and from B to A.
    Order,
    /// Each has a word of substance that the other does not have in any form: about something else.
    /// Strict: it also holds back synonyms that it does not know.
    Substitution,
    /// One has words of substance that the other lacks: which, where, of whom. A few in a long text
    /// are let pass.
    Additions,
}

impl Guard {
    /// All guards, in the order in which they are asked.
    pub const ALL: [Self; 15] = [
        Self::Language,
        Self::Code,
        Self::Quotes,
        Self::Dates,
        Self::Times,
        Self::Currencies,
        Self::Units,
        Self::Numbers,
        Self::Question,
        Self::Negation,
        Self::Opposites,
        Self::Names,
        Self::Order,
        Self::Substitution,
        Self::Additions,
    ];

    /// A short, stable label for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Language => "language",
            Self::Code => "code",
            Self::Quotes => "quotes",
            Self::Dates => "dates",
            Self::Times => "times",
            Self::Currencies => "currencies",
            Self::Units => "units",
            Self::Numbers => "numbers",
            Self::Question => "question",
            Self::Negation => "negation",
            Self::Opposites => "opposites",
            Self::Names => "names",
            Self::Order => "order",
            Self::Substitution => "substitution",
            Self::Additions => "additions",
        }
    }

    fn bit(self) -> u16 {
        1 << self as u8
    }
}

/// Two texts do not ask the same, as this guard sees it. Holds nothing of the texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the texts differ in their {}", .guard.as_str())]
#[non_exhaustive]
pub struct Disagreement {
    /// The first guard that found something.
    pub guard: Guard,
}

/// Which guards stand before a semantic answer. Default: all.
///
/// ```
/// use response_cache::semantic::{Guard, Guards};
///
/// let guards = Guards::all();
/// assert!(guards.check("What is 5 km in miles?", "what's five kilometers in miles").is_ok());
/// let found = guards.check("Sales in 2023", "Sales in 2024").unwrap_err();
/// assert_eq!(found.guard, Guard::Dates);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guards(u16);

impl Default for Guards {
    fn default() -> Self {
        Self::all()
    }
}

impl Guards {
    /// Every guard there is.
    #[must_use]
    pub fn all() -> Self {
        Self(Guard::ALL.iter().fold(0, |bits, guard| bits | guard.bit()))
    }

    /// No guard: similarity alone decides. For measuring what guards are worth.
    #[must_use]
    pub fn none() -> Self {
        Self(0)
    }

    /// All of these but this one.
    #[must_use]
    pub fn without(self, guard: Guard) -> Self {
        Self(self.0 & !guard.bit())
    }

    /// Whether this guard is one of them.
    #[must_use]
    pub fn has(self, guard: Guard) -> bool {
        self.0 & guard.bit() != 0
    }

    /// Whether the texts agree in all that the guards look at. Symmetric; a text agrees with
    /// itself; takes a time linear in the texts' lengths (some tens of microseconds for a question), and no
    /// text makes it panic.
    ///
    /// # Errors
    /// The first guard that found a difference.
    pub fn check(self, one: &str, other: &str) -> Result<(), Disagreement> {
        if one == other || self.0 == 0 {
            return Ok(());
        }
        let (one, other) = (Scan::of(one), Scan::of(other));
        let pair = Pair { one: &one, other: &other, difference: OnceCell::new() };
        let differs = |guard: &Guard| self.has(*guard) && guard.differs(&pair);
        match Guard::ALL.into_iter().find(differs) {
            Some(guard) => Err(Disagreement { guard }),
            None => Ok(()),
        }
    }
}

/// Two texts that are compared.
struct Pair<'s, 't> {
    one: &'s Scan<'t>,
    other: &'s Scan<'t>,
    /// Two guards look at it.
    difference: OnceCell<Difference>,
}

impl Pair<'_, '_> {
    fn difference(&self) -> Difference {
        *self.difference.get_or_init(|| Difference::between(self.one, self.other))
    }
}

impl Guard {
    fn differs(self, pair: &Pair<'_, '_>) -> bool {
        let Pair { one, other, .. } = *pair;
        match self {
            Self::Language => one.script != other.script,
            Self::Code => one.literals.code != other.literals.code,
            Self::Quotes => literals::quotes_differ(one, other),
            Self::Dates => one.dates != other.dates,
            Self::Times => one.times != other.times,
            Self::Currencies => one.quantities.money() != other.quantities.money(),
            Self::Units => one.quantities.measures() != other.quantities.measures(),
            Self::Numbers => one.quantities.counts_differ(&other.quantities),
            Self::Question => one.asks.differ(other.asks),
            Self::Negation => one.negations != other.negations,
            Self::Opposites => opposites::differ(&one.sides, &other.sides),
            Self::Names => names::differ(one, other),
            Self::Order => order::differs(one, other),
            Self::Substitution => pair.difference().is_exchange(one, other),
            Self::Additions => pair.difference().is_addition(),
        }
    }
}

#[cfg(test)]
mod tests;
