//! Why a line gave nothing.

use crate::figures;
use crate::language::Language;
use crate::lines::LONGEST;

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
    pub(super) fn reason(&self, language: Language) -> String {
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
