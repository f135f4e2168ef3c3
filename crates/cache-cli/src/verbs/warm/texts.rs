//! From lines to texts.

use std::path::Path;

use serde_json::Value;

use crate::args::Format;
use crate::figures;
use crate::language::Language;
use crate::lines::{LONGEST, Line};

/// Why a line gave no vector.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    NotUtf8,
    TooLong,
    NotJson,
    WithoutText,
    Empty,
    /// Its text could not be embedded, as the library says.
    Failed(String),
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
            Self::Failed(reason) => reason.clone(),
        }
    }
}

/// How the lines of an input are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Every line is a text.
    Lines,
    /// Every line is a JSON string, or an object with a string `text`.
    Jsonl,
    /// The first line that is not blank decides.
    Undecided,
}

impl Reading {
    /// As asked for, else by the file's name.
    pub(super) fn new(format: Format, path: &Path) -> Self {
        let extension = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
        match (format, extension.as_deref()) {
            (Format::Lines, _) => Self::Lines,
            (Format::Jsonl, _) | (Format::Auto, Some("jsonl" | "ndjson")) => Self::Jsonl,
            (Format::Auto, Some("txt" | "md")) => Self::Lines,
            (Format::Auto, _) => Self::Undecided,
        }
    }

    /// The text of a line; `None` for a blank one, which is skipped.
    pub(super) fn text(&mut self, line: Line) -> Option<Result<String, Refused>> {
        let bytes = match line {
            Line::Bytes(bytes) => bytes,
            Line::TooLong => return Some(Err(Refused::TooLong)),
        };
        let Ok(text) = String::from_utf8(bytes) else {
            return Some(Err(Refused::NotUtf8));
        };
        if text.trim().is_empty() {
            return None;
        }
        if *self == Self::Undecided {
            *self = if text_in_json(&text).is_ok() { Self::Jsonl } else { Self::Lines };
        }
        Some(if *self == Self::Jsonl { text_in_json(&text) } else { Ok(text) })
    }
}

fn text_in_json(line: &str) -> Result<String, Refused> {
    let text = match serde_json::from_str(line).map_err(|_| Refused::NotJson)? {
        Value::String(text) => text,
        Value::Object(mut fields) => match fields.remove("text") {
            Some(Value::String(text)) => text,
            _ => return Err(Refused::WithoutText),
        },
        _ => return Err(Refused::WithoutText),
    };
    if text.trim().is_empty() { Err(Refused::Empty) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(reading: &mut Reading, line: &str) -> Option<Result<String, Refused>> {
        reading.text(Line::Bytes(line.as_bytes().to_vec()))
    }

    fn ok(text: &str) -> Option<Result<String, Refused>> {
        Some(Ok(text.to_owned()))
    }

    #[test]
    fn the_first_line_decides_where_nothing_else_does() {
        let mut reading = Reading::new(Format::Auto, Path::new("-"));
        assert_eq!(read(&mut reading, "  "), None);
        assert_eq!(read(&mut reading, r#"{"text": "가\n나", "id": 1}"#), ok("가\n나"));
        assert_eq!(read(&mut reading, r#""just a string""#), ok("just a string"));
        assert_eq!(read(&mut reading, "plain"), Some(Err(Refused::NotJson)));
        assert_eq!(read(&mut reading, r#"{"body": "x"}"#), Some(Err(Refused::WithoutText)));
        assert_eq!(read(&mut reading, r#"{"text": ""}"#), Some(Err(Refused::Empty)));
        let mut reading = Reading::Undecided;
        assert_eq!(read(&mut reading, " plain "), ok(" plain "));
        assert_eq!(read(&mut reading, r#"{"text": "x"}"#), ok(r#"{"text": "x"}"#));
    }

    #[test]
    fn the_file_name_and_the_flag_decide_first() {
        let reading = |format, path| Reading::new(format, Path::new(path));
        assert_eq!(reading(Format::Auto, "a.JSONL"), Reading::Jsonl);
        assert_eq!(reading(Format::Auto, "a.txt"), Reading::Lines);
        assert_eq!(reading(Format::Lines, "a.jsonl"), Reading::Lines);
        assert_eq!(reading(Format::Jsonl, "a.txt"), Reading::Jsonl);
        assert_eq!(reading(Format::Auto, "a"), Reading::Undecided);
    }

    #[test]
    fn bad_bytes_are_refused() {
        let mut reading = Reading::Lines;
        assert_eq!(reading.text(Line::Bytes(vec![0xff])), Some(Err(Refused::NotUtf8)));
        assert_eq!(reading.text(Line::TooLong), Some(Err(Refused::TooLong)));
    }
}
