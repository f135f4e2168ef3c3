//! Why a line gave nothing.

use super::Progress;
use crate::figures;
use crate::language::Language;
use crate::lines::LONGEST;
use crate::output::Output;

/// So many are told one by one.
const TOLD: u64 = 20;

/// Why a line gave nothing.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::verbs) enum Refused {
    NotUtf8,
    TooLong,
    NotJson,
    WithoutText,
    Empty,
    /// As this says in the user's language.
    Because(String),
}

impl Refused {
    /// The reason in the user's language; never the text.
    fn reason(&self, language: Language) -> String {
        match self {
            Self::NotUtf8 => language.line_not_utf8(),
            Self::TooLong => language.line_too_long(&figures::bytes(LONGEST as u64)),
            Self::NotJson => language.line_not_json(),
            Self::WithoutText => language.line_without_text(),
            Self::Empty => language.line_empty(),
            Self::Because(reason) => reason.clone(),
        }
    }
}

/// Names the lines that gave nothing, and counts them.
#[derive(Debug)]
pub(in crate::verbs) struct Refusals {
    output: Output,
    pub(in crate::verbs) count: u64,
}

impl Refusals {
    pub(in crate::verbs) fn new(output: Output) -> Self {
        Self { output, count: 0 }
    }

    /// Names them above the bar.
    pub(in crate::verbs) fn add(&mut self, progress: &Progress, refused: &[(u64, Refused)]) {
        let language = self.output.language;
        for (line, refused) in refused {
            if self.count < TOLD {
                progress.note(&language.line_failed(*line, &refused.reason(language)));
            }
            self.count += 1;
        }
    }

    /// Says how many were not told.
    pub(in crate::verbs) fn finish(&self) {
        if self.count > TOLD {
            let more = figures::count(self.count - TOLD);
            self.output.note(&self.output.language.more_failed(&more));
        }
    }
}
