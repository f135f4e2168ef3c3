//! How far the work has come: a bar on a terminal, a line every few seconds elsewhere.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::output::Output;

const BETWEEN_LINES: Duration = Duration::from_secs(5);

pub(in crate::verbs) struct Progress {
    output: Output,
    bar: ProgressBar,
    last_line: Instant,
}

impl Progress {
    /// For an input of this many bytes, where that is known.
    pub(in crate::verbs) fn new(output: Output, bytes: Option<u64>) -> Self {
        let (bar, template) = match bytes {
            Some(bytes) => {
                (ProgressBar::new(bytes), "{bar:30} {percent:>3} %  {msg}  {elapsed} / {duration}")
            }
            None => (ProgressBar::new_spinner(), "{spinner} {msg}  {elapsed}"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self { output, bar, last_line: Instant::now() }
    }

    /// So many more bytes of the input are done; this is how it stands.
    pub(in crate::verbs) fn advance(&mut self, bytes: u64, standing: impl FnOnce() -> String) {
        if !self.bar.is_hidden() {
            self.bar.set_message(standing());
            self.bar.inc(bytes);
        } else if self.last_line.elapsed() >= BETWEEN_LINES {
            self.last_line = Instant::now();
            self.output.note(&standing());
        }
    }

    /// A line that stays, above the bar.
    pub(in crate::verbs) fn note(&self, text: &str) {
        self.bar.suspend(|| self.output.note(text));
    }

    pub(in crate::verbs) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
