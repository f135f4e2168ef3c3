//! How the lines of an input are written.

use std::path::Path;

use super::Refused;
use crate::args::Format;
use crate::lines::Line;

/// How the lines of an input are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::verbs) enum Shape {
    /// Every line is a text.
    Lines,
    /// Every line is JSON.
    Jsonl,
    /// The first line that is not blank decides.
    Undecided,
}

impl Shape {
    /// As asked for, else by the file's name.
    pub(in crate::verbs) fn new(format: Format, path: &Path) -> Self {
        let extension = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
        match (format, extension.as_deref()) {
            (Format::Lines, _) => Self::Lines,
            (Format::Jsonl, _) | (Format::Auto, Some("jsonl" | "ndjson")) => Self::Jsonl,
            (Format::Auto, Some("txt" | "md")) => Self::Lines,
            (Format::Auto, _) => Self::Undecided,
        }
    }

    /// Whether a line is JSON; where nobody has said, this one decides, by whether it would do.
    pub(in crate::verbs) fn is_json(&mut self, would_do: impl FnOnce() -> bool) -> bool {
        if *self == Self::Undecided {
            *self = if would_do() { Self::Jsonl } else { Self::Lines };
        }
        *self == Self::Jsonl
    }
}

/// What a line says; `None` for a blank one, which is skipped.
pub(in crate::verbs) fn text_of(line: Line) -> Option<Result<String, Refused>> {
    let bytes = match line {
        Line::Bytes(bytes) => bytes,
        Line::TooLong => return Some(Err(Refused::TooLong)),
    };
    let Ok(text) = String::from_utf8(bytes) else {
        return Some(Err(Refused::NotUtf8));
    };
    (!text.trim().is_empty()).then_some(Ok(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_name_and_the_flag_decide_first() {
        let shape = |format, path| Shape::new(format, Path::new(path));
        assert_eq!(shape(Format::Auto, "a.JSONL"), Shape::Jsonl);
        assert_eq!(shape(Format::Auto, "a.txt"), Shape::Lines);
        assert_eq!(shape(Format::Lines, "a.jsonl"), Shape::Lines);
        assert_eq!(shape(Format::Jsonl, "a.txt"), Shape::Jsonl);
        assert_eq!(shape(Format::Auto, "a"), Shape::Undecided);
    }

    #[test]
    fn bad_bytes_are_refused_and_blank_lines_skipped() {
        assert_eq!(text_of(Line::Bytes(vec![0xff])), Some(Err(Refused::NotUtf8)));
        assert_eq!(text_of(Line::TooLong), Some(Err(Refused::TooLong)));
        assert_eq!(text_of(Line::Bytes(b" \t".to_vec())), None);
    }
}
