//! Words that turn a question round, or ask for another of its kind.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::words::{self, Kind, Word};

/// Sides are separated by `|`, names of one side by spaces. Two words joined by `_` are found side
/// by side. Korean forms are beginnings of words.
const GROUPS: &str = include_str!("opposites.txt");

/// Which sides of which group a text has, in its order, the same side in a row once.
pub(super) type Sides = HashMap<u16, Vec<u8>>;

type Table = HashMap<String, (u16, u8)>;

struct Tables {
    english: Table,
    korean: Table,
    /// Syllables of the longest Korean form.
    longest: usize,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut tables = Tables { english: Table::new(), korean: Table::new(), longest: 0 };
    let lines = GROUPS.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    for (group, line) in (0u16..).zip(lines) {
        for (side, forms) in (0u8..).zip(line.split('|')) {
            for form in forms.split_whitespace() {
                tables.add(form, (group, side));
            }
        }
    }
    tables
});

impl Tables {
    fn add(&mut self, form: &str, place: (u16, u8)) {
        if form.is_ascii() {
            let stems: Vec<_> = form.split('_').map(words::stem).collect();
            self.english.insert(stems.join(" "), place);
        } else {
            self.longest = self.longest.max(form.chars().count());
            self.korean.insert(form.to_owned(), place);
        }
    }
}

pub(super) fn sides(words: &[Word<'_>]) -> Sides {
    let mut found = Sides::new();
    for (at, word) in words.iter().enumerate() {
        let place = match word.kind {
            Kind::Letters => english(word, words.get(at + 1)),
            Kind::Hangul => korean(word.raw),
            Kind::Number | Kind::Sign => None,
        };
        if let Some((group, side)) = place {
            let sides = found.entry(group).or_default();
            if sides.last() != Some(&side) {
                sides.push(side);
            }
        }
    }
    found
}

fn english(word: &Word<'_>, next: Option<&Word<'_>>) -> Option<(u16, u8)> {
    let stem = words::stem(&word.low);
    let pair = next
        .filter(|next| next.kind == Kind::Letters)
        .and_then(|next| TABLES.english.get(&format!("{stem} {}", words::stem(&next.low))));
    pair.or_else(|| TABLES.english.get(stem.as_ref())).copied()
}

/// The longest form that the word begins with.
fn korean(word: &str) -> Option<(u16, u8)> {
    let ends: Vec<_> =
        word.char_indices().map(|(at, c)| at + c.len_utf8()).take(TABLES.longest).collect();
    ends.into_iter().rev().find_map(|end| TABLES.korean.get(&word[..end]).copied())
}

/// Whether both speak of a group, and of different sides of it.
pub(super) fn differ(one: &Sides, other: &Sides) -> bool {
    one.iter().any(|(group, sides)| other.get(group).is_some_and(|others| others != sides))
}
