//! From lines to texts.

use std::path::Path;

use serde_json::Value;

use super::{Reading, Refused, Shape, text_of};
use crate::args::Format;
use crate::lines::Line;

/// Lines that are texts, or JSON strings, or JSON objects with a string `text`.
#[derive(Debug)]
pub(in crate::verbs) struct Texts(Shape);

impl Texts {
    pub(in crate::verbs) fn new(format: Format, path: &Path) -> Self {
        Self(Shape::new(format, path))
    }
}

impl Reading for Texts {
    type Item = String;

    fn item(&mut self, line: Line) -> Option<Result<String, Refused>> {
        let text = match text_of(line)? {
            Ok(text) => text,
            Err(refused) => return Some(Err(refused)),
        };
        let is_json = self.0.is_json(|| text_in_json(&text).is_ok());
        Some(if is_json { text_in_json(&text) } else { Ok(text) })
    }

    fn bytes(item: &String) -> usize {
        item.len()
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

    fn read(texts: &mut Texts, line: &str) -> Option<Result<String, Refused>> {
        texts.item(Line::Bytes(line.as_bytes().to_vec()))
    }

    fn ok(text: &str) -> Option<Result<String, Refused>> {
        Some(Ok(text.to_owned()))
    }

    #[test]
    fn the_first_line_decides_where_nothing_else_does() {
        let mut texts = Texts::new(Format::Auto, Path::new("-"));
        assert_eq!(read(&mut texts, "  "), None);
        assert_eq!(read(&mut texts, r#"{"text": "가\n나", "id": 1}"#), ok("가\n나"));
        assert_eq!(read(&mut texts, r#""just a string""#), ok("just a string"));
        assert_eq!(read(&mut texts, "plain"), Some(Err(Refused::NotJson)));
        assert_eq!(read(&mut texts, r#"{"body": "x"}"#), Some(Err(Refused::WithoutText)));
        assert_eq!(read(&mut texts, r#"{"text": ""}"#), Some(Err(Refused::Empty)));
        let mut texts = Texts(Shape::Undecided);
        assert_eq!(read(&mut texts, " plain "), ok(" plain "));
        assert_eq!(read(&mut texts, r#"{"text": "x"}"#), ok(r#"{"text": "x"}"#));
    }
}
