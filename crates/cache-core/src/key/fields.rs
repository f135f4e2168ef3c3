//! The canonical encoding of everything that makes a key, and its explanation.

use std::collections::BTreeMap;
use std::fmt;

use super::KeyKind;
use crate::{ModelIdentity, Scope};

/// A value of one field of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldValue {
    /// Not given. Differs from every value, a default included.
    Absent,
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Number(u64),
    /// A text, exactly as it is.
    Text(String),
    /// Named texts; the order in which they were given does not count.
    Map(BTreeMap<String, String>),
}

impl FieldValue {
    /// One tag, then the length-prefixed value: no value of one type can be read as another, and
    /// no two values run into each other.
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Absent => out.push(0),
            Self::Bool(b) => out.extend_from_slice(&[1, u8::from(*b)]),
            Self::Number(n) => {
                out.push(2);
                out.extend_from_slice(&n.to_le_bytes());
            }
            Self::Text(text) => {
                out.push(3);
                encode_bytes(out, text.as_bytes());
            }
            Self::Map(map) => {
                out.push(4);
                encode_length(out, map.len());
                for (name, value) in map {
                    encode_bytes(out, name.as_bytes());
                    encode_bytes(out, value.as_bytes());
                }
            }
        }
    }
}

fn encode_length(out: &mut Vec<u8>, length: usize) {
    out.extend_from_slice(&(length as u64).to_le_bytes());
}

fn encode_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    encode_length(out, bytes.len());
    out.extend_from_slice(bytes);
}

impl fmt::Display for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("(absent)"),
            Self::Bool(b) => write!(f, "{b}"),
            Self::Number(n) => write!(f, "{n}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Map(map) if map.is_empty() => f.write_str("{}"),
            Self::Map(map) => f.debug_map().entries(map).finish(),
        }
    }
}

impl From<bool> for FieldValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u32> for FieldValue {
    fn from(value: u32) -> Self {
        Self::Number(value.into())
    }
}

impl From<u64> for FieldValue {
    fn from(value: u64) -> Self {
        Self::Number(value)
    }
}

impl From<&str> for FieldValue {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for FieldValue {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&Scope> for FieldValue {
    fn from(scope: &Scope) -> Self {
        Self::Map(scope.parts().map(|(n, v)| (n.to_owned(), v.to_owned())).collect())
    }
}

impl<T: Into<FieldValue>> From<Option<T>> for FieldValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Into::into)
    }
}

/// The fields of a key, everything but the input, in the order in which they are hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFields {
    kind: KeyKind,
    fields: Vec<(&'static str, FieldValue)>,
}

impl KeyFields {
    /// No fields yet.
    #[must_use]
    pub fn new(kind: KeyKind) -> Self {
        Self { kind, fields: Vec::with_capacity(12) }
    }

    /// Adds a field. Absent ones are added as well, so that `None` has an encoding of its own.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<FieldValue>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// Adds what identifies a model that answers chats or embeds: everything but dimensions.
    #[must_use]
    pub fn with_model(self, model: &ModelIdentity) -> Self {
        self.with("provider", model.provider.as_str())
            .with("endpoint", model.endpoint.clone())
            .with("deployment", model.deployment.clone())
            .with("model", model.model.as_str())
            .with("version", model.version.clone())
    }

    /// What the entries are.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &FieldValue)> {
        self.fields.iter().map(|(name, value)| (*name, value))
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(256);
        encode_length(&mut out, self.fields.len());
        for (name, value) in &self.fields {
            encode_bytes(&mut out, name.as_bytes());
            value.encode(&mut out);
        }
        out
    }
}

/// What made a key: every field, the size of the input and the resulting key.
///
/// It holds no input text, so that it can be logged.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyExplanation {
    /// The key as stored.
    pub key: String,
    /// The fields, in the order in which they are hashed.
    pub fields: Vec<(&'static str, FieldValue)>,
    /// Length of the input in bytes, after the named normaliser, if one is set.
    pub input_bytes: usize,
    /// BLAKE3 of the input alone, the first 64 bits in hexadecimal: equal for equal inputs,
    /// whatever the other fields. `None` where the keys are made with a secret.
    pub input_digest: Option<String>,
}

/// One difference between two keys.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldDifference {
    /// Name of the field. What is not a field: `key space`, `key secret`, `input`, and `secret or
    /// input` where the secret hides which of the two it is.
    pub field: String,
    /// Its value in the first.
    pub first: String,
    /// Its value in the second.
    pub second: String,
}

impl KeyExplanation {
    /// Where two keys differ; empty if and only if they are the same key.
    ///
    /// Where only one of them is made with a secret, inputs of the same length are not compared.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<FieldDifference> {
        let mut found = Vec::new();
        let mut compare = |field: &str, first: String, second: String| {
            push_difference(&mut found, field, first, second);
        };
        compare("key space", self.space(), other.space());
        for (name, value) in &self.fields {
            compare(name, value.to_string(), other.field(name));
        }
        for (name, value) in &other.fields {
            if self.fields.iter().all(|(known, _)| known != name) {
                compare(name, "(no such field)".to_owned(), value.to_string());
            }
        }
        compare("key secret", self.secret().to_owned(), other.secret().to_owned());
        let comparable = self.input_digest.is_some() == other.input_digest.is_some();
        compare("input", self.input(comparable), other.input(comparable));
        // What a difference of nothing else leaves: made with another secret, or under one secret
        // of two inputs of the same length.
        if found.is_empty() {
            push_difference(&mut found, "secret or input", self.key.clone(), other.key.clone());
        }
        found
    }

    fn space(&self) -> String {
        self.key.rsplit_once(':').map_or_else(String::new, |(space, _)| space.to_owned())
    }

    fn field(&self, name: &str) -> String {
        let value = self.fields.iter().find(|(known, _)| *known == name);
        value.map_or_else(|| "(no such field)".to_owned(), |(_, value)| value.to_string())
    }

    fn secret(&self) -> &'static str {
        if self.input_digest.is_some() { "(none)" } else { "(set)" }
    }

    /// With the digest only where both sides have one or both have none.
    fn input(&self, comparable: bool) -> String {
        match &self.input_digest {
            Some(digest) if comparable => format!("{} bytes, BLAKE3 {digest}", self.input_bytes),
            _ => format!("{} bytes", self.input_bytes),
        }
    }
}

fn push_difference(found: &mut Vec<FieldDifference>, field: &str, first: String, second: String) {
    if first != second {
        found.push(FieldDifference { field: field.to_owned(), first, second });
    }
}
