//! From lines to entries of an index.

use std::path::Path;

use caching_with_redis::core::Embedding;
use caching_with_redis::core::vector::{
    AttributeKind, AttributeName, AttributeValue, Attributes, IndexSchema, VectorId, VectorRefusal,
};
use serde_json::{Map, Value};

use crate::args::Format;
use crate::language::Language;
use crate::lines::Line;
use crate::verbs::feed::{Reading, Refused, Shape, text_of};
use crate::verbs::index::{TEXT, attribute};

/// What a line says of an entry.
#[derive(Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) id: VectorId,
    pub(super) content: Content,
    /// As they were given, and the text where the index keeps it.
    pub(super) attributes: Attributes,
}

impl Entry {
    /// The text that is to be embedded, where it is not a vector that was given.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            Content::Vector(_) => None,
        }
    }
}

/// What is to be found.
#[derive(Debug, PartialEq)]
pub(super) enum Content {
    /// A text whose vector is the provider's.
    Text(String),
    Vector(Embedding),
}

/// Lines that are texts, or JSON strings, or JSON objects with `text` or `vector`, and with `id` and
/// `attributes`.
#[derive(Debug)]
pub(super) struct Entries {
    shape: Shape,
    schema: IndexSchema,
    language: Language,
}

impl Entries {
    pub(super) fn new(
        format: Format,
        path: &Path,
        schema: &IndexSchema,
        language: Language,
    ) -> Self {
        Self { shape: Shape::new(format, path), schema: schema.clone(), language }
    }

    fn of_json(&self, line: &str) -> Result<Entry, Refused> {
        let value = serde_json::from_str(line).map_err(|error| self.not_json(line, &error))?;
        match value {
            Value::String(text) => self.of_text(text),
            Value::Object(members) => self.of_members(members),
            _ => Err(self.because(Language::line_no_entry)),
        }
    }

    /// Some programs write numbers that are none into their JSON.
    fn not_json(&self, line: &str, error: &serde_json::Error) -> Refused {
        let is_one_of_those = ["NaN", "Infinity"].iter().any(|word| line.contains(word))
            || error.to_string().starts_with("number out of range");
        match is_one_of_those {
            true => self.because(Language::line_not_finite),
            false => Refused::NotJson,
        }
    }

    fn of_text(&self, text: String) -> Result<Entry, Refused> {
        let id = self.accepted(VectorId::new(&id_of(&text)))?;
        self.entry(id, Some(text), None, Attributes::new())
    }

    fn of_members(&self, mut members: Map<String, Value>) -> Result<Entry, Refused> {
        let mut take = |name| members.remove(name).filter(|value| !value.is_null());
        let (id, text, vector) = (take("id"), take("text"), take("vector"));
        let attributes = self.attributes(take("attributes"))?;
        if !members.is_empty() {
            return Err(self.because(Language::line_unknown_member));
        }
        let text = match text {
            Some(Value::String(text)) if text.trim().is_empty() => return Err(Refused::Empty),
            Some(Value::String(text)) => Some(text),
            Some(_) => return Err(self.because(Language::line_no_entry)),
            None => None,
        };
        let vector = vector.map(|vector| self.vector(&vector)).transpose()?;
        let id = match (id, &text) {
            (Some(Value::String(id)), _) => id,
            (Some(Value::Number(id)), _) if id.is_i64() || id.is_u64() => id.to_string(),
            (Some(_), _) => return Err(self.because(Language::line_bad_id)),
            (None, Some(text)) => id_of(text),
            (None, None) if vector.is_some() => {
                return Err(self.because(Language::line_without_id));
            }
            (None, None) => return Err(self.because(Language::line_no_entry)),
        };
        let id = self.accepted(VectorId::new(&id))?;
        self.entry(id, text, vector, attributes)
    }

    fn entry(
        &self,
        id: VectorId,
        text: Option<String>,
        vector: Option<Embedding>,
        mut attributes: Attributes,
    ) -> Result<Entry, Refused> {
        let kept = attribute(&self.schema, TEXT, &[AttributeKind::Stored, AttributeKind::Text]);
        if let (Some(name), Some(text)) = (kept, &text) {
            let value = match self.schema.attributes.get(&name) {
                Some(AttributeKind::Text) => AttributeValue::Text(text.clone()),
                _ => AttributeValue::Stored(text.clone().into()),
            };
            attributes.entry(name).or_insert(value);
        }
        let content = match (vector, text) {
            (Some(vector), _) => Content::Vector(vector),
            (None, Some(text)) => Content::Text(text),
            (None, None) => return Err(self.because(Language::line_no_entry)),
        };
        Ok(Entry { id, content, attributes })
    }

    fn vector(&self, value: &Value) -> Result<Embedding, Refused> {
        let numbers = value.as_array().filter(|numbers| numbers.iter().all(Value::is_number));
        let numbers = numbers.ok_or_else(|| self.because(Language::line_bad_vector))?;
        #[expect(clippy::cast_possible_truncation, reason = "what is too large becomes infinite")]
        let narrow = |number: &Value| number.as_f64().unwrap_or(f64::NAN) as f32;
        let values: Vec<f32> = numbers.iter().map(narrow).collect();
        Embedding::new(values).map_err(|_| self.because(Language::line_not_finite))
    }

    fn attributes(&self, value: Option<Value>) -> Result<Attributes, Refused> {
        let members = match value {
            None => return Ok(Attributes::new()),
            Some(Value::Object(members)) => members,
            Some(_) => return Err(self.because(Language::line_bad_attributes)),
        };
        let mut attributes = Attributes::new();
        for (name, value) in members.into_iter().filter(|(_, value)| !value.is_null()) {
            let name = self.accepted(AttributeName::new(&name))?;
            let kind = self.accepted(self.schema.kind_of(&name))?;
            let unfit = || {
                let expected = self.language.values_of(kind);
                Refused::Because(self.language.line_bad_value(name.as_str(), &expected))
            };
            let value = value_of(kind, value).ok_or_else(unfit)?;
            attributes.insert(name, value);
        }
        Ok(attributes)
    }

    fn accepted<T>(&self, result: Result<T, VectorRefusal>) -> Result<T, Refused> {
        result.map_err(|refusal| Refused::Because(self.language.vector_refusal(&refusal)))
    }

    fn because(&self, reason: impl FnOnce(Language) -> String) -> Refused {
        Refused::Because(reason(self.language))
    }
}

impl Reading for Entries {
    type Item = Entry;

    fn item(&mut self, line: Line) -> Option<Result<Entry, Refused>> {
        let text = match text_of(line)? {
            Ok(text) => text,
            Err(refused) => return Some(Err(refused)),
        };
        let is_json = self.shape.is_json(|| looks_like_entry(&text));
        Some(if is_json { self.of_json(&text) } else { self.of_text(text) })
    }

    fn bytes(entry: &Entry) -> usize {
        match &entry.content {
            Content::Text(text) => text.len(),
            Content::Vector(vector) => size_of::<f32>() * vector.dimensions(),
        }
    }
}

/// The id of an entry that is given none: a hash of its text, so that it is the same entry when it
/// comes again.
fn id_of(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// Whether a line is meant as JSON, though there may be something wrong with it.
fn looks_like_entry(line: &str) -> bool {
    match serde_json::from_str(line) {
        Ok(Value::String(_)) => true,
        Ok(Value::Object(members)) => {
            ["text", "vector"].iter().any(|name| members.contains_key(*name))
        }
        _ => false,
    }
}

/// A value of this kind.
fn value_of(kind: AttributeKind, value: Value) -> Option<AttributeValue> {
    match (kind, value) {
        (AttributeKind::Tags, Value::String(tag)) => Some(AttributeValue::tag(tag)),
        (AttributeKind::Tags, Value::Array(tags)) => {
            let tag = |tag| if let Value::String(tag) = tag { Some(tag) } else { None };
            Some(AttributeValue::Tags(tags.into_iter().map(tag).collect::<Option<_>>()?))
        }
        (AttributeKind::Number, value) => Some(AttributeValue::Number(value.as_f64()?)),
        (AttributeKind::Text, Value::String(text)) => Some(AttributeValue::Text(text)),
        (AttributeKind::Stored, Value::String(text)) => Some(AttributeValue::Stored(text.into())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> AttributeName {
        AttributeName::new(name).unwrap()
    }

    fn entries(format: Format) -> Entries {
        let schema = IndexSchema::new(2)
            .unwrap()
            .with_attribute(name("text"), AttributeKind::Stored)
            .with_attribute(name("topic"), AttributeKind::Tags)
            .with_attribute(name("year"), AttributeKind::Number);
        Entries::new(format, Path::new("-"), &schema, Language::English)
    }

    fn read(entries: &mut Entries, line: &str) -> Result<Entry, String> {
        let item = entries.item(Line::Bytes(line.as_bytes().to_vec())).unwrap();
        item.map_err(|refused| match refused {
            Refused::Because(reason) => reason,
            other => format!("{other:?}"),
        })
    }

    #[test]
    fn a_line_is_an_entry_with_the_hash_of_its_text_as_id() {
        let mut lines = entries(Format::Auto);
        let plain = read(&mut lines, "한 줄").unwrap();
        let json = read(&mut entries(Format::Jsonl), r#"{"text": "한 줄"}"#).unwrap();
        assert_eq!((plain.id.as_str().len(), &plain), (64, &json));
        assert_eq!(plain.attributes[&name("text")], AttributeValue::Stored("한 줄".into()));
        let with_id = read(&mut entries(Format::Auto), r#"{"text": "한 줄", "id": 7}"#).unwrap();
        assert_eq!((with_id.id.as_str(), with_id.content), ("7", plain.content));
    }

    #[test]
    fn attributes_are_of_their_kinds() {
        let line = r#"{"id": "a", "vector": [1, -0.5], "attributes": {"topic": ["x", "y"], "year": 2e3, "text": null}}"#;
        let entry = read(&mut entries(Format::Auto), line).unwrap();
        assert_eq!(entry.content, Content::Vector(Embedding::new(vec![1.0, -0.5]).unwrap()));
        let tags = AttributeValue::Tags(vec!["x".into(), "y".into()]);
        let expected = [(name("topic"), tags), (name("year"), AttributeValue::Number(2_000.0))];
        assert_eq!(entry.attributes, Attributes::from(expected));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, part) in [
            ("7", "\"text\" or \"vector\""),
            ("{}", "\"text\" or \"vector\""),
            (r#"{"text": 7}"#, "\"text\" or \"vector\""),
            (r#"{"text": " "}"#, "Empty"),
            (r#"{"text": "a", "titel": "b"}"#, "\"attributes\""),
            (r#"{"text": "a", "id": 1.5}"#, "whole number"),
            (r#"{"text": "a", "id": ""}"#, "1 to 512"),
            (r#"{"vector": [1, 2]}"#, "\"id\""),
            (r#"{"id": "a", "vector": [1, "2"]}"#, "list of numbers"),
            (r#"{"id": "a", "vector": {}}"#, "list of numbers"),
            (r#"{"id": "a", "vector": [1, NaN]}"#, "finite"),
            (r#"{"id": "a", "vector": [1, 1e999]}"#, "finite"),
            (r#"{"id": "a", "vector": [1, 1e39]}"#, "finite"),
            (r#"{"text": "a", "attributes": []}"#, "object"),
            (r#"{"text": "a", "attributes": {"tpoic": "b"}}"#, "no attribute tpoic"),
            (r#"{"text": "a", "attributes": {"한": "b"}}"#, "letter"),
            (r#"{"text": "a", "attributes": {"topic": 5}}"#, "topic"),
            (r#"{"text": "a", "attributes": {"topic": ["b", 5]}}"#, "topic"),
            (r#"{"text": "a", "attributes": {"year": "2020"}}"#, "year"),
            (r#"{"text": "a""#, "NotJson"),
        ] {
            let said = read(&mut entries(Format::Jsonl), line).unwrap_err();
            assert!(said.contains(part), "{line}: {said}");
        }
    }
}
