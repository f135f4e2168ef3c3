//! English numerals.

use super::words::Word;

const NUMERALS: [(&str, u64); 30] = [
    ("zero", 0),
    ("one", 1),
    ("two", 2),
    ("three", 3),
    ("four", 4),
    ("five", 5),
    ("six", 6),
    ("seven", 7),
    ("eight", 8),
    ("nine", 9),
    ("ten", 10),
    ("eleven", 11),
    ("twelve", 12),
    ("thirteen", 13),
    ("fourteen", 14),
    ("fifteen", 15),
    ("sixteen", 16),
    ("seventeen", 17),
    ("eighteen", 18),
    ("nineteen", 19),
    ("twenty", 20),
    ("thirty", 30),
    ("forty", 40),
    ("fifty", 50),
    ("sixty", 60),
    ("seventy", 70),
    ("eighty", 80),
    ("ninety", 90),
    ("dozen", 12),
    ("twice", 2),
];

const ORDINALS: [(&str, u32); 12] = [
    ("first", 1),
    ("third", 3),
    ("fourth", 4),
    ("fifth", 5),
    ("sixth", 6),
    ("seventh", 7),
    ("eighth", 8),
    ("ninth", 9),
    ("tenth", 10),
    ("eleventh", 11),
    ("twelfth", 12),
    ("twentieth", 20),
];

/// "third" and the like; not "second", which is a unit as well.
pub(super) fn ordinal(low: &str) -> Option<u32> {
    ORDINALS.iter().find(|(name, _)| *name == low).map(|(_, value)| *value)
}

/// The number that these words begin with, and how many words it is.
pub(super) fn number(words: &[Word<'_>]) -> (u64, usize) {
    let (mut total, mut part, mut length) = (0u64, None::<u64>, 0);
    for (at, word) in words.iter().enumerate().take(16) {
        let low = word.low.as_ref();
        let small = NUMERALS.iter().find(|(name, _)| *name == low).map(|(_, value)| *value);
        match (small, low, part) {
            (Some(value), ..) if part.is_none() || (part.is_some_and(|part| fits(part, value))) => {
                part = Some(part.unwrap_or(0) + value);
            }
            (None, "hundred", Some(count)) => part = Some(count.saturating_mul(100)),
            (None, "thousand" | "million" | "billion", Some(count)) => {
                let scale: u64 = match low {
                    "thousand" => 1_000,
                    "million" => 1_000_000,
                    _ => 1_000_000_000,
                };
                total = total.saturating_add(count.saturating_mul(scale));
                part = Some(0);
            }
            (None, "and", Some(count)) if count >= 100 || total > 0 => continue,
            _ => break,
        }
        length = at + 1;
    }
    (total.saturating_add(part.unwrap_or(0)), length)
}

/// Whether "twenty" may be followed by "five".
fn fits(part: u64, value: u64) -> bool {
    let (room, fits) = (part % 100, value < 100 && value > 0);
    fits && (room == 0 || (room >= 20 && room.is_multiple_of(10) && value < 10))
}
