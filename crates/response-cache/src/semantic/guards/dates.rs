//! Dates, as far as they are given, and days by name.

use super::scan::Taken;
use super::words::{Kind, Word};

/// A date or a day by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Date {
    Day {
        year: Option<u32>,
        month: Option<u32>,
        day: Option<u32>,
    },
    /// 0 is Monday.
    Weekday(usize),
    /// In days from today; weeks, months and years from this one.
    Relative(Step, i32),
    /// With slashes or points: which is the month, nobody knows.
    Written(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Day,
    Week,
    Month,
    Year,
    Decade,
}

/// Takes the dates out of the words; sorted, each once.
pub(super) fn take(words: &[Word<'_>], taken: &mut Taken) -> Vec<Date> {
    taken.all(words.len(), |_, at| {
        let rest = &words[at..];
        let before = at.checked_sub(1).map(|at| &words[at]);
        written(rest)
            .or_else(|| korean(rest))
            .or_else(|| english(rest))
            .or_else(|| named(rest).or_else(|| year(rest, before)))
    })
}

fn whole(word: &Word<'_>) -> Option<u32> {
    (word.kind == Kind::Number && word.low.len() <= 4).then(|| word.low.parse().ok()).flatten()
}

fn is_year(number: u32) -> bool {
    (1_500..2_200).contains(&number)
}

/// `2024-01-05`, `1/5/2024`, `2024.1.5`.
fn written(words: &[Word<'_>]) -> Option<(Date, usize)> {
    let word = words.first().filter(|word| word.kind == Kind::Number)?;
    let parts: Vec<&str> = word.low.split(['-', '/', '.']).collect();
    let numbers: Option<Vec<u32>> = parts.iter().map(|part| part.parse().ok()).collect();
    match numbers?[..] {
        [year, month, day] if is_year(year) && month <= 12 && day <= 31 => {
            Some((Date::Day { year: Some(year), month: Some(month), day: Some(day) }, 1))
        }
        [a, b, year] if a <= 31 && b <= 31 && is_year(year) => {
            Some((Date::Written(word.low.replace(['-', '.'], "/")), 1))
        }
        _ => None,
    }
}

/// `2024년 1월 5일`, or a part of it.
fn korean(words: &[Word<'_>]) -> Option<(Date, usize)> {
    let (mut year, mut month, mut day, mut length) = (None, None, None, 0);
    while let [number, unit, ..] = &words[length..] {
        let Some(value) = whole(number).filter(|_| unit.kind == Kind::Hangul) else { break };
        let place = match unit.raw {
            raw if is_unit(raw, "년") && is_year(value) && length == 0 => &mut year,
            raw if is_unit(raw, "월") && value <= 12 && month.is_none() && day.is_none() => {
                &mut month
            }
            raw if is_unit(raw, "일") && value <= 31 && month.is_some() && day.is_none() => {
                &mut day
            }
            _ => break,
        };
        *place = Some(value);
        length += 2;
    }
    (length > 0).then_some((Date::Day { year, month, day }, length))
}

fn is_unit(word: &str, unit: &str) -> bool {
    word.strip_prefix(unit)
        .is_some_and(|rest| !matches!(rest, "간" | "동안" | "째") && rest.chars().count() < 4)
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

fn month(word: &Word<'_>) -> Option<u32> {
    let short = |name: &str| {
        word.low.len() == 3 && name.starts_with(word.low.as_ref())
            || (word.low == "sept" && name == "september")
    };
    let at = MONTHS.iter().position(|name| *name == word.low || short(name))?;
    u32::try_from(at + 1).ok()
}

/// `January 5, 2024`, `5 January`, `the 5th of January`, `January`.
fn english(words: &[Word<'_>]) -> Option<(Date, usize)> {
    let word = |at: usize| words.get(at);
    let (mut day, mut length) = (None, 0);
    if let Some(number) = word(0).and_then(whole).filter(|day| (1..=31).contains(day)) {
        day = Some(number);
        length = 1;
        length += usize::from(is_ordinal_ending(word(length)));
        length += usize::from(word(length).is_some_and(|word| word.low == "of"));
    }
    let named = word(length)?;
    let month = month(named)?;
    length += 1;
    if day.is_none()
        && let Some(number) = word(length).and_then(whole).filter(|day| (1..=31).contains(day))
    {
        day = Some(number);
        length += 1;
        length += usize::from(is_ordinal_ending(word(length)));
    }
    let year = word(length).and_then(whole).filter(|year| is_year(*year));
    length += usize::from(year.is_some());
    // "may", "march" and "mar" are words as well.
    let surely = day.is_some() || year.is_some();
    let ambiguous = matches!(named.low.as_ref(), "may" | "march" | "mar" | "jan" | "dec" | "sep");
    let capital = named.raw.starts_with(|c: char| c.is_uppercase()) && !named.first;
    (surely || capital || !ambiguous)
        .then_some((Date::Day { year, month: Some(month), day }, length))
}

fn is_ordinal_ending(word: Option<&Word<'_>>) -> bool {
    word.is_some_and(|word| word.attached && matches!(word.low.as_ref(), "st" | "nd" | "rd" | "th"))
}

/// A year by itself.
fn year(words: &[Word<'_>], before: Option<&Word<'_>>) -> Option<(Date, usize)> {
    let year = whole(words.first()?).filter(|year| is_year(*year))?;
    // "$2000", "2000 users", "2000 km" and "2000명" are amounts.
    let introduced = before.is_some_and(|word| {
        matches!(
            word.low.as_ref(),
            "in" | "since"
                | "until"
                | "till"
                | "by"
                | "before"
                | "after"
                | "during"
                | "of"
                | "from"
                | "to"
                | "for"
        )
    });
    let next = words.get(1);
    let sign = before.is_some_and(|word| word.kind == Kind::Sign);
    let counted = next.is_some_and(|next| {
        next.kind != Kind::Number && (next.attached || super::units::unit(&next.low).is_some())
    });
    let last = next.is_none_or(|next| next.first);
    ((introduced || last) && !sign && !counted)
        .then_some((Date::Day { year: Some(year), month: None, day: None }, 1))
}

const WEEKDAYS: [(&str, &str); 7] = [
    ("monday", "월요일"),
    ("tuesday", "화요일"),
    ("wednesday", "수요일"),
    ("thursday", "목요일"),
    ("friday", "금요일"),
    ("saturday", "토요일"),
    ("sunday", "일요일"),
];

const DAYS: [(&str, Step, i32); 25] = [
    ("today", Step::Day, 0),
    ("tonight", Step::Day, 0),
    ("tomorrow", Step::Day, 1),
    ("yesterday", Step::Day, -1),
    ("오늘", Step::Day, 0),
    ("내일", Step::Day, 1),
    ("모레", Step::Day, 2),
    ("어제", Step::Day, -1),
    ("그저께", Step::Day, -2),
    ("그제", Step::Day, -2),
    ("글피", Step::Day, 3),
    ("올해", Step::Year, 0),
    ("금년", Step::Year, 0),
    ("내년", Step::Year, 1),
    ("내후년", Step::Year, 2),
    ("작년", Step::Year, -1),
    ("지난해", Step::Year, -1),
    ("재작년", Step::Year, -2),
    ("이번주", Step::Week, 0),
    ("다음주", Step::Week, 1),
    ("지난주", Step::Week, -1),
    ("이번달", Step::Month, 0),
    ("다음달", Step::Month, 1),
    ("지난달", Step::Month, -1),
    ("저번주", Step::Week, -1),
];

/// Days of the week, and days as seen from today.
fn named(words: &[Word<'_>]) -> Option<(Date, usize)> {
    let word = words.first()?;
    let day = |(english, korean): &(&str, &str)| {
        word.low.strip_suffix('s').unwrap_or(&word.low) == *english || word.low.starts_with(korean)
    };
    if let Some(at) = WEEKDAYS.iter().position(day) {
        return Some((Date::Weekday(at), 1));
    }
    let said = |name: &str| {
        if word.kind == Kind::Hangul { word.raw.starts_with(name) } else { word.low == name }
    };
    if let Some((_, step, count)) = DAYS.iter().find(|(name, ..)| said(name)) {
        return Some((Date::Relative(*step, *count), 1));
    }
    let count = match word.low.as_ref() {
        "next" | "다음" | "오는" => 1,
        "last" | "previous" | "지난" | "저번" => -1,
        "this" | "current" | "이번" => 0,
        _ => return None,
    };
    let unit = words.get(1)?;
    let steps = [
        ("week", "주", Step::Week),
        ("month", "달", Step::Month),
        ("year", "해", Step::Year),
        ("decade", "십년", Step::Decade),
    ];
    let step = steps.iter().find(|(english, korean, _)| {
        unit.low == *english
            || (unit.kind == Kind::Hangul && super::korean::stem(unit.raw).0 == *korean)
            || (unit.kind == Kind::Hangul
                && unit.raw.strip_prefix(korean).is_some_and(super::korean::is_particle))
    });
    step.map(|(.., step)| (Date::Relative(*step, count), 2))
}
