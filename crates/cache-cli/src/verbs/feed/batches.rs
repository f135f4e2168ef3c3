//! An input in batches of bounded size.

use std::io::{self, BufRead};
use std::path::Path;

use super::texts::{Reading, Refused};
use crate::args::Format;
use crate::lines::Lines;

/// A batch is full when its texts are this long, however few they are.
const MOST_BYTES: usize = 4 << 20;

/// A text and its line, counted from 1.
#[derive(Debug)]
pub(super) struct Numbered {
    pub(super) line: u64,
    pub(super) text: String,
}

/// Consecutive lines.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) texts: Vec<Numbered>,
    /// Lines that gave no text.
    pub(super) refused: Vec<(u64, Refused)>,
    /// Bytes of the input that it was made from.
    pub(super) bytes: u64,
}

/// Cuts an input into batches. After an error it ends.
#[derive(Debug)]
pub(super) struct Batches<R> {
    lines: Lines<R>,
    reading: Reading,
    most: usize,
    line: u64,
    ended: bool,
}

impl<R: BufRead> Batches<R> {
    /// Batches of at most this many texts.
    pub(super) fn new(reader: R, format: Format, path: &Path, most: usize) -> Self {
        let reading = Reading::new(format, path);
        Self { lines: Lines::new(reader), reading, most, line: 0, ended: false }
    }

    fn next_batch(&mut self) -> io::Result<Batch> {
        let mut batch = Batch::default();
        let start = self.lines.consumed;
        let mut bytes = 0;
        while batch.texts.len() + batch.refused.len() < self.most && bytes < MOST_BYTES {
            let Some(line) = self.lines.next_line()? else {
                self.ended = true;
                break;
            };
            self.line += 1;
            match self.reading.text(line) {
                None => {}
                Some(Err(refused)) => batch.refused.push((self.line, refused)),
                Some(Ok(text)) => {
                    bytes += text.len();
                    batch.texts.push(Numbered { line: self.line, text });
                }
            }
        }
        batch.bytes = self.lines.consumed - start;
        Ok(batch)
    }
}

impl<R: BufRead> Iterator for Batches<R> {
    type Item = io::Result<Batch>;

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

    fn batches(input: &str, most: usize) -> Vec<Batch> {
        let batches = Batches::new(input.as_bytes(), Format::Lines, Path::new("-"), most);
        batches.map(Result::unwrap).collect()
    }

    #[test]
    fn batches_are_bounded_and_know_their_lines() {
        let batches = batches("a\n\nb\nc\n\nd", 2);
        let lines: Vec<Vec<_>> = batches
            .iter()
            .map(|b| b.texts.iter().map(|t| (t.line, t.text.as_str())).collect())
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
            .map(|batch| batch.texts.len())
            .collect();
        assert_eq!(sizes, [2, 1]);
    }
}
