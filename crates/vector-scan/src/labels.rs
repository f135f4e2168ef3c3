//! Texts as numbers, per row of a column.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

/// A column of sets of texts: tags, or the words of a text. Every text is there once.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    numbers: HashMap<Arc<str>, u32>,
    texts: Vec<Text>,
    free: Vec<u32>,
    rows: Vec<Box<[u32]>>,
}

#[derive(Debug)]
struct Text {
    text: Arc<str>,
    rows: u32,
}

impl Labels {
    /// Adds a row of these texts.
    pub(crate) fn push<'t>(&mut self, texts: impl Iterator<Item = &'t str>) {
        let row = self.enter(texts);
        self.rows.push(row);
    }

    /// Replaces a row.
    pub(crate) fn set<'t>(&mut self, row: usize, texts: impl Iterator<Item = &'t str>) {
        let new = self.enter(texts);
        let old = std::mem::replace(&mut self.rows[row], new);
        self.leave(&old);
    }

    /// Removes a row and puts the last one in its place.
    pub(crate) fn swap_remove(&mut self, row: usize) {
        let old = self.rows.swap_remove(row);
        self.leave(&old);
    }

    /// The number of a text, if a row has it.
    pub(crate) fn number(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    /// The numbers of every row's texts, in ascending order.
    pub(crate) fn rows(&self) -> &[Box<[u32]>] {
        &self.rows
    }

    fn enter<'t>(&mut self, texts: impl Iterator<Item = &'t str>) -> Box<[u32]> {
        let mut row: Vec<u32> = texts.map(|text| self.provide(text)).collect();
        row.sort_unstable();
        row.dedup();
        row.iter().for_each(|&number| self.texts[number as usize].rows += 1);
        row.into_boxed_slice()
    }

    /// The number of a text, a new one if need be.
    fn provide(&mut self, text: &str) -> u32 {
        if let Some(number) = self.number(text) {
            return number;
        }
        let text: Arc<str> = text.into();
        let new = Text { text: Arc::clone(&text), rows: 0 };
        let number = match self.free.pop() {
            Some(number) => {
                self.texts[number as usize] = new;
                number
            }
            None => {
                self.texts.push(new);
                u32::try_from(self.texts.len() - 1).unwrap_or(u32::MAX)
            }
        };
        self.numbers.insert(text, number);
        number
    }

    fn leave(&mut self, row: &[u32]) {
        for &number in row {
            let text = &mut self.texts[number as usize];
            text.rows -= 1;
            if text.rows == 0 {
                if let Entry::Occupied(entry) = self.numbers.entry(Arc::clone(&text.text)) {
                    entry.remove();
                }
                self.free.push(number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_no_row_has_are_forgotten() {
        let mut labels = Labels::default();
        labels.push(["a", "b", "a"].into_iter());
        labels.push(["b"].into_iter());
        labels.push([].into_iter());
        let b = labels.number("b").unwrap();
        assert_eq!(labels.rows()[0].len(), 2);
        assert_eq!(*labels.rows()[1], [b]);
        labels.swap_remove(0);
        assert_eq!((labels.number("a"), labels.number("b")), (None, Some(b)));
        assert!(labels.rows()[0].is_empty(), "the last row is in the place of the first");
        labels.set(1, ["c"].into_iter());
        assert_eq!(labels.number("b"), None);
        assert!(labels.number("c").is_some());
        assert_eq!((labels.texts.len(), labels.numbers.len()), (2, 1), "numbers are used again");
    }
}
