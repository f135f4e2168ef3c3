//! What entries carry besides their vector.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::VectorRefusal;

/// The name of an attribute: a letter `a-z A-Z`, then up to 63 of `a-z A-Z 0-9 _`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AttributeName(Arc<str>);

impl AttributeName {
    /// # Errors
    /// [`VectorRefusal::AttributeName`] when it cannot be one.
    pub fn new(name: &str) -> Result<Self, VectorRefusal> {
        let begins = name.starts_with(|c: char| c.is_ascii_alphabetic());
        let goes_on = name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_');
        if begins && goes_on && name.len() <= 64 {
            Ok(Self(name.into()))
        } else {
            Err(VectorRefusal::AttributeName)
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AttributeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What an attribute holds, and so what can be asked of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AttributeKind {
    /// A set of texts that are compared as a whole, capitals and all: a tenant, a model, labels.
    Tags,
    /// A number, asked for by range.
    Number,
    /// A text, asked for by the [words](super::words) in it.
    Text,
    /// Bytes that come back with a match, and cannot be asked for.
    Stored,
}

impl AttributeKind {
    /// A short, stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tags => "tags",
            Self::Number => "number",
            Self::Text => "text",
            Self::Stored => "stored",
        }
    }

    /// The kind of this [name](Self::as_str).
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let kinds = [Self::Tags, Self::Number, Self::Text, Self::Stored];
        kinds.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// The value of an attribute. `Debug` shows its kind and nothing of it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum AttributeValue {
    /// Of kind [`AttributeKind::Tags`]. Order and repetition come back as they were given and do
    /// not count.
    Tags(Vec<String>),
    /// Of kind [`AttributeKind::Number`]. Finite; -0 is 0.
    Number(f64),
    /// Of kind [`AttributeKind::Text`].
    Text(String),
    /// Of kind [`AttributeKind::Stored`].
    Stored(Bytes),
}

impl AttributeValue {
    /// One tag.
    pub fn tag(tag: impl Into<String>) -> Self {
        Self::Tags(vec![tag.into()])
    }

    /// What the value is.
    #[must_use]
    pub fn kind(&self) -> AttributeKind {
        match self {
            Self::Tags(_) => AttributeKind::Tags,
            Self::Number(_) => AttributeKind::Number,
            Self::Text(_) => AttributeKind::Text,
            Self::Stored(_) => AttributeKind::Stored,
        }
    }

    /// The bytes that its content has.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Tags(tags) => tags.iter().map(String::len).sum(),
            Self::Number(_) => size_of::<f64>(),
            Self::Text(text) => text.len(),
            Self::Stored(bytes) => bytes.len(),
        }
    }

    /// Whether its content has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for AttributeValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AttributeValue({})", self.kind().as_str())
    }
}

/// The attributes of an entry. An entry need not have all of the schema.
pub type Attributes = BTreeMap<AttributeName, AttributeValue>;
