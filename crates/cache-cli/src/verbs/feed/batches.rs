//! An input in batches of bounded size.

use std::io::{self, BufRead};

use super::Refused;
use crate::lines::{Line, Lines};

/// A batch is full when its texts are this long, however few they are.
const MOST_BYTES: usize = 4 << 20;

/// Makes things of lines.
pub(in crate::verbs) trait Reading: Send + 'static {
    type Item: Send + 'static;

    /// What a line gives; `None` for one that is skipped.
    fn item(&mut self, line: Line) -> Option<Result<Self::Item, Refused>>;

    /// About how many bytes it has.
    fn bytes(item: &Self::Item) -> usize;
}

/// A thing and its line, counted from 1.
#[derive(Debug)]
pub(in crate::verbs) struct Numbered<T> {
    pub(in crate::verbs) line: u64,
    pub(in crate::verbs) item: T,
}

/// Consecutive lines.
#[derive(Debug)]
pub(in crate::verbs) struct Batch<T> {
    pub(in crate::verbs) items: Vec<Numbered<T>>,
    /// Lines that gave nothing.
    pub(in crate::verbs) refused: Vec<(u64, Refused)>,
    /// Bytes of the input that it was made from.
    pub(in crate::verbs) bytes: u64,
}

/// Cuts an input into batches. After an error it ends.
#[derive(Debug)]
pub(super) struct Batches<B, R> {
    lines: Lines<B>,
    reading: R,
    most: usize,
    line: u64,
    ended: bool,
}

impl<B: BufRead, R: Reading> Batches<B, R> {
    /// Batches of at most this many lines.
    pub(super) fn new(reader: B, reading: R, most: usize) -> Self {
        Self { lines: Lines::new(reader), reading, most, line: 0, ended: false }
    }

    fn next_batch(&mut self) -> io::Result<Batch<R::Item>> {
        let mut batch = Batch { items: Vec::new(), refused: Vec::new(), bytes: 0 };
        let start = self.lines.consumed;
        let mut bytes = 0;
        while batch.items.len() + batch.refused.len() < self.most && bytes < MOST_BYTES {
            let Some(line) = self.lines.next_line()? else {
                self.ended = true;
                break;
            };
            self.line += 1;
            match self.reading.item(line) {
                None => {}
                Some(Err(refused)) => batch.refused.push((self.line, refused)),
                Some(Ok(item)) => {
                    bytes += R::bytes(&item);
                    batch.items.push(Numbered { line: self.line, item });
                }
            }
        }
        batch.bytes = self.lines.consumed - start;
        Ok(batch)
    }
}

impl<B: BufRead, R: Reading> Iterator for Batches<B, R> {
    type Item = io::Result<Batch<R::Item>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let batch = self.next_batch();
        self.ended |= batch.is_err();
        Some(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verbs::feed::text_of;

    struct Texts;

    impl Reading for Texts {
        type Item = String;

        fn item(&mut self, line: Line) -> Option<Result<String, Refused>> {
            text_of(line)
        }

        fn bytes(item: &String) -> usize {
            item.len()
        }
    }

    fn batches(input: &str, most: usize) -> Vec<Batch<String>> {
        Batches::new(input.as_bytes(), Texts, most).map(Result::unwrap).collect()
    }

    #[test]
    fn batches_are_bounded_and_know_their_lines() {
        let batches = batches("a\n\nb\nc\n\nd", 2);
        let lines: Vec<Vec<_>> = batches
            .iter()
            .map(|b| b.items.iter().map(|t| (t.line, t.item.as_str())).collect())
            .collect();
        let expected: [&[_]; 3] = [&[(1, "a"), (3, "b")], &[(4, "c"), (6, "d")], &[]];
        assert_eq!(lines, expected);
        assert_eq!(batches.iter().map(|b| b.bytes).sum::<u64>(), 9);
    }

    #[test]
    fn long_texts_make_small_batches() {
        let long = "x".repeat(MOST_BYTES / 2 + 1);
        let sizes: Vec<_> = batches(&format!("{long}\n{long}\n{long}\n"), 100)
            .iter()
            .map(|batch| batch.items.len())
            .collect();
        assert_eq!(sizes, [2, 1]);
    }
}
