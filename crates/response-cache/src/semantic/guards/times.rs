//! Times of the day.

use super::scan::Taken;
use super::words::{Kind, Word};

/// A time of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Time {
    /// In minutes since midnight.
    At(u32),
    /// An hour of which nobody says which half of the day it is in.
    OClock(u32),
    Part(Part),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Morning,
    Noon,
    Afternoon,
    Evening,
    Night,
}

/// Takes the times out of the words; sorted, each once.
pub(super) fn take(words: &[Word<'_>], taken: &mut Taken) -> Vec<Time> {
    taken.all(words.len(), |taken, at| {
        let rest = &words[at..];
        let time = || clock(rest).or_else(|| korean(rest)).or_else(|| part(&words[at]));
        taken.is_free(at).then(time).flatten()
    })
}

/// `15:30`, `3:30 pm`, `3pm`, `3 o'clock`.
fn clock(words: &[Word<'_>]) -> Option<(Time, usize)> {
    let word = words.first().filter(|word| word.kind == Kind::Number)?;
    let parts: Option<Vec<u32>> = word.low.split(':').map(|part| part.parse().ok()).collect();
    let (hour, minute, with_minutes) = match parts?[..] {
        [hour] if hour <= 24 => (hour, 0, false),
        [hour, minute] if hour <= 24 && minute < 60 => (hour, minute, true),
        _ => return None,
    };
    let next = |at: usize| words.get(at).map(|word| word.low.as_ref());
    let half = match (next(1), next(2)) {
        (Some("am" | "a"), Some("m")) => Some((false, 3)),
        (Some("pm" | "p"), Some("m")) => Some((true, 3)),
        (Some("am"), _) => Some((false, 2)),
        (Some("pm"), _) => Some((true, 2)),
        (Some("o'clock"), _) => return Some((of_hour(hour, 0), 2)),
        _ => None,
    };
    match half {
        Some((afternoon, length)) if hour <= 12 => {
            let hour = hour % 12 + if afternoon { 12 } else { 0 };
            Some((Time::At(hour * 60 + minute), length))
        }
        _ if with_minutes => Some((of_hour(hour, minute), 1)),
        _ => None,
    }
}

fn of_hour(hour: u32, minute: u32) -> Time {
    let minutes = hour * 60 + minute;
    if (1..=12).contains(&hour) { Time::OClock(minutes) } else { Time::At(minutes % 1_440) }
}

/// `오후 3시 30분`, `세 시 반`.
fn korean(words: &[Word<'_>]) -> Option<(Time, usize)> {
    let mut at = 0;
    let half = match words.first()?.raw {
        "오전" | "새벽" => Some(false),
        "오후" | "저녁" | "밤" => Some(true),
        _ => None,
    };
    at += usize::from(half.is_some());
    let (hour, rest, length) = hour(&words[at..])?;
    at += length;
    let mut minute = 0;
    if rest == "반"
        || words
            .get(at)
            .is_some_and(|word| word.raw.strip_prefix("반").is_some_and(super::korean::is_particle))
    {
        at += usize::from(rest != "반");
        minute = 30;
    } else if let [number, unit, ..] = &words[at..]
        && number.kind == Kind::Number
        && unit.raw.starts_with('분')
    {
        minute = number.low.parse().ok().filter(|minute| *minute < 60)?;
        at += 2;
    }
    let time = match half {
        Some(afternoon) if hour <= 12 => {
            Time::At((hour % 12 + if afternoon { 12 } else { 0 }) * 60 + minute)
        }
        _ => of_hour(hour, minute),
    };
    Some((time, at))
}

/// `3시`, `세 시`, `세시`; not `3시간`.
fn hour<'t>(words: &[Word<'t>]) -> Option<(u32, &'t str, usize)> {
    let first = words.first()?;
    let (value, unit, length) = if first.kind == Kind::Number {
        (first.low.parse().ok()?, words.get(1).filter(|word| word.kind == Kind::Hangul)?.raw, 2)
    } else {
        let numeral = super::korean::numeral(first.raw).filter(|numeral| numeral.native)?;
        let value = u32::try_from(numeral.value).ok()?;
        match numeral.rest {
            "" => (value, words.get(1)?.raw, 2),
            rest => (value, rest, 1),
        }
    };
    let rest = unit.strip_prefix('시')?;
    let is_hour = rest == "반" || super::korean::is_particle(rest) || rest == "쯤";
    (is_hour && value <= 24).then_some((value, rest, length))
}

fn part(word: &Word<'_>) -> Option<(Time, usize)> {
    let name = if word.kind == Kind::Hangul { super::korean::stem(word.raw).0 } else { &word.low };
    let part = match name {
        "morning" | "오전" | "아침" => Part::Morning,
        "noon" | "midday" | "정오" => Part::Noon,
        "afternoon" | "오후" => Part::Afternoon,
        "evening" | "저녁" => Part::Evening,
        "midnight" | "자정" => return Some((Time::At(0), 1)),
        "night" | "밤" | "새벽" => Part::Night,
        _ => return None,
    };
    Some((Time::Part(part), 1))
}
