//! What made a key, and where two differ.

use std::collections::BTreeMap;

use cache_core::{CanonicalJson, ChatRequest, FieldValue, KeyProfile, KeySecret, ModelIdentity};
use serde_json::Value;

use crate::request;

/// What made a request's key. It holds no text of the request, so that it can be logged.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Explanation {
    /// The key as stored.
    pub key: String,
    /// Scope, provider and model, in the order in which they are hashed.
    pub fields: Vec<(&'static str, FieldValue)>,
    /// Every value of the request that counts, ordered by its path.
    pub parts: Vec<Part>,
    /// Parameters of the request that do not count: null, or known not to change the answer.
    pub ignored: Vec<String>,
    /// Whether the policy and the call allow the answer to be cached.
    pub cacheable: bool,
}

/// One value of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Part {
    /// Where: `$.messages[0].content`.
    pub path: String,
    /// What: `string of 12 bytes`, `number`, …
    pub form: String,
    /// 64 bits of BLAKE3 of its canonical form: equal for equal values. Made with the cache's key
    /// secret, where it has one.
    pub digest: String,
}

/// One difference between two keys.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// A field's name, the path of a value, or what is left: `key space`, `key secret`.
    pub part: String,
    /// In the first: a field's value, or a value's form and digest.
    pub first: String,
    /// In the second.
    pub second: String,
}

const ABSENT: &str = "(absent)";

impl Explanation {
    pub(crate) fn new(
        profile: &KeyProfile,
        model: &ModelIdentity,
        request: &ChatRequest,
        secret: Option<&KeySecret>,
        cacheable: bool,
    ) -> Self {
        let (counting, ignored) = request::parted(model, request);
        let mut parts = Vec::new();
        for (name, value) in &counting {
            list(&format!("${}", step(name)), value, secret, &mut parts);
        }
        parts.sort_by(|one, other| one.path.cmp(&other.path));
        Self {
            key: request::key(profile, model, request).to_string(),
            fields: profile.fields().iter().map(|(name, value)| (name, value.clone())).collect(),
            parts,
            ignored: ignored.into_iter().map(str::to_owned).collect(),
            cacheable,
        }
    }

    /// Where two keys differ; empty if and only if they are the same key.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<Difference> {
        let mut found = Vec::new();
        compare(&mut found, &self.space(), &other.space());
        compare(&mut found, &self.fields(), &other.fields());
        compare(&mut found, &self.values(), &other.values());
        if found.is_empty() && self.key != other.key {
            let rest = |key: &str| BTreeMap::from([("key secret".to_owned(), key.to_owned())]);
            compare(&mut found, &rest(&self.key), &rest(&other.key));
        }
        found
    }

    fn space(&self) -> BTreeMap<String, String> {
        let space = self.key.rsplit_once(':').map_or("", |(space, _)| space);
        BTreeMap::from([("key space".to_owned(), space.to_owned())])
    }

    fn fields(&self) -> BTreeMap<String, String> {
        self.fields.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect()
    }

    fn values(&self) -> BTreeMap<String, String> {
        let shown = |part: &Part| format!("{}, BLAKE3 {}", part.form, part.digest);
        self.parts.iter().map(|part| (part.path.clone(), shown(part))).collect()
    }
}

fn compare(
    found: &mut Vec<Difference>,
    first: &BTreeMap<String, String>,
    second: &BTreeMap<String, String>,
) {
    let names: std::collections::BTreeSet<_> = first.keys().chain(second.keys()).collect();
    for name in names {
        let of = |side: &BTreeMap<String, String>| {
            side.get(name).cloned().unwrap_or_else(|| ABSENT.to_owned())
        };
        let (first, second) = (of(first), of(second));
        if first != second {
            found.push(Difference { part: name.clone(), first, second });
        }
    }
}

/// Lists the values below a path; an empty list or object is a value.
fn list(path: &str, value: &Value, secret: Option<&KeySecret>, parts: &mut Vec<Part>) {
    match value {
        Value::Array(elements) if !elements.is_empty() => {
            for (index, element) in elements.iter().enumerate() {
                list(&format!("{path}[{index}]"), element, secret, parts);
            }
        }
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                list(&format!("{path}{}", step(name)), member, secret, parts);
            }
        }
        _ => {
            let digest = CanonicalJson::of(value).digest(secret);
            parts.push(Part { path: path.to_owned(), form: form(value), digest });
        }
    }
}

/// `.name`, or quoted where the name could be taken for more than one step.
fn step(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(plain) {
        format!(".{name}")
    } else {
        format!("[{name:?}]")
    }
}

fn form(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "boolean".to_owned(),
        Value::Number(_) => "number".to_owned(),
        Value::String(text) => format!("string of {} bytes", text.len()),
        Value::Array(_) => "empty array".to_owned(),
        Value::Object(_) => "empty object".to_owned(),
    }
}
