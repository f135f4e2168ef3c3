//! Where the program writes: answers to standard output, everything else to standard error.

use std::io::{self, BufRead, IsTerminal, Write};

use owo_colors::{OwoColorize, Style};
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use crate::args::{Manner, WhenColor};
use crate::failure::{Failure, Report};
use crate::language::Language;

/// The two streams, and how to write to them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Output {
    /// The language of everything that is for people.
    pub(crate) language: Language,
    /// Whether answers are JSON.
    pub(crate) json: bool,
    /// Whether colour is for standard output.
    pub(crate) color: bool,
    /// Whether colour is for standard error.
    pub(crate) color_of_errors: bool,
}

/// What a part of an answer means.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Mood {
    Good,
    Doubtful,
}

impl Output {
    pub(crate) fn new(manner: Manner) -> Self {
        Self {
            language: manner.language,
            json: manner.json,
            color: colored(manner.color, io::stdout().is_terminal()),
            color_of_errors: colored(manner.color, io::stderr().is_terminal()),
        }
    }

    /// Writes one line of an answer.
    pub(crate) fn line(&self, text: &str) -> Result<(), Failure> {
        self.write(&[text, "\n"])
    }

    /// Writes one object on one line.
    pub(crate) fn object(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(value).map_err(|error| self.unwritable(&error.into()))?;
        self.line(&text)
    }

    /// Writes labels and values, the values below each other.
    pub(crate) fn rows(&self, rows: &[(String, String)]) -> Result<(), Failure> {
        let widest = rows.iter().map(|(label, _)| label.width()).max().unwrap_or(0);
        let mut text = String::new();
        for (label, value) in rows {
            text.push_str(&self.faint(label));
            text.push_str(&" ".repeat(widest - label.width() + 2));
            text.push_str(value);
            text.push('\n');
        }
        self.write(&[&text])
    }

    /// Writes a heading with its rows, after an empty line.
    pub(crate) fn section(&self, title: &str, rows: &[(String, String)]) -> Result<(), Failure> {
        let title = if self.color { title.bold().to_string() } else { title.to_owned() };
        self.write(&["\n", &title, "\n"])?;
        self.rows(rows)
    }

    /// Writes text as it comes, without a line's end.
    pub(crate) fn text(&self, text: &str) -> Result<(), Failure> {
        self.write(&[text])
    }

    /// Writes a line about the work, not a part of the answer. Nobody need be listening.
    pub(crate) fn note(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// As [`note`](Self::note), for what looks like a mistake.
    pub(crate) fn warning(&self, text: &str) {
        let label = self.language.warning_label();
        let style = Style::new().yellow().bold();
        self.note(&format!("{}: {text}", self.styled_error(&label, style)));
    }

    /// Says why the program ends: one line, or with `--json` one object.
    pub(crate) fn error(&self, failure: &Failure, message: &str) {
        let report = Report::new(failure, message);
        if self.json
            && let Ok(text) = serde_json::to_string(&report)
        {
            return self.note(&text);
        }
        let label = self.language.error_label();
        let style = Style::new().red().bold();
        self.note(&format!("{}: {message}", self.styled_error(&label, style)));
    }

    /// Asks on the terminal whether to go on; `None` where there is none.
    pub(crate) fn confirm(&self, question: &str) -> Option<bool> {
        if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
            return None;
        }
        let mut stderr = io::stderr().lock();
        let _ = write!(stderr, "{question}").and_then(|()| stderr.flush());
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer).ok()?;
        let answer = answer.trim().to_lowercase();
        Some(matches!(answer.as_str(), "y" | "yes" | "예" | "네" | "ㅇ"))
    }

    /// A part of an answer, coloured by what it means.
    pub(crate) fn painted(&self, text: &str, mood: Mood) -> String {
        let style = match mood {
            Mood::Good => Style::new().green(),
            Mood::Doubtful => Style::new().yellow(),
        };
        if self.color { text.style(style).to_string() } else { text.to_owned() }
    }

    fn faint(&self, text: &str) -> String {
        if self.color { text.dimmed().to_string() } else { text.to_owned() }
    }

    fn styled_error(&self, text: &str, style: Style) -> String {
        if self.color_of_errors { text.style(style).to_string() } else { text.to_owned() }
    }

    fn write(&self, parts: &[&str]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        parts
            .iter()
            .try_for_each(|part| stdout.write_all(part.as_bytes()))
            .and_then(|()| stdout.flush())
            .map_err(|error| self.unwritable(&error))
    }

    pub(crate) fn unwritable(&self, error: &io::Error) -> Failure {
        Failure::of_output(error, self.language)
    }
}

fn colored(when: WhenColor, terminal: bool) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
    match when {
        WhenColor::Always => true,
        WhenColor::Never => false,
        WhenColor::Auto => terminal && !set("NO_COLOR") && !dumb,
    }
}
