//! `explain`: what makes a key, and how two differ. A store is asked only where it remembers which
//! model answers.

use caching_with_redis::core::{EmbedOptions, FieldDifference, FieldValue, KeyExplanation, Scope};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::args::{self, Input};
use crate::context::{Context, Keys};
use crate::failure::Failure;
use crate::figures;
use crate::language::Language;

#[derive(Debug, Serialize)]
struct Explained<'a> {
    /// `None` as long as nobody knows which model the vector will be of.
    key: Option<&'a str>,
    answering_model: Option<&'a str>,
    fields: Map<String, Value>,
    input_bytes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_digest: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Compared<'a> {
    same: bool,
    differences: Vec<Difference<'a>>,
    first: Explained<'a>,
    second: Explained<'a>,
}

#[derive(Debug, Serialize)]
struct Difference<'a> {
    field: &'a str,
    first: &'a str,
    second: &'a str,
}

pub(super) async fn run(context: &Context, explain: &args::Explain) -> Result<(), Failure> {
    let keys = context.keys().await?;
    let first = explanation(&keys, &explain.text, explain.tenant.as_deref(), explain.input);
    let compares = explain.text2.is_some() || explain.tenant2.is_some() || explain.input2.is_some();
    if !compares {
        return show_one(context, &keys, &first);
    }
    // What is not said of the second is as in the first.
    let second = explanation(
        &keys,
        explain.text2.as_ref().unwrap_or(&explain.text),
        explain.tenant2.as_deref().or(explain.tenant.as_deref()),
        explain.input2.or(explain.input),
    );
    show_two(context, &keys, &first, &second)
}

fn explanation(
    keys: &Keys,
    text: &str,
    tenant: Option<&str>,
    input: Option<Input>,
) -> KeyExplanation {
    let mut options = EmbedOptions::default();
    if let Some(input) = input {
        options = options.with_input_kind(input.kind());
    }
    let scope = tenant.map_or_else(Scope::shared, Scope::tenant);
    keys.model.clone().with_scope(scope).with_options(options).explain(text)
}

fn show_one(context: &Context, keys: &Keys, explanation: &KeyExplanation) -> Result<(), Failure> {
    if context.output.json {
        return context.output.object(&explained(keys, explanation));
    }
    let language = context.language();
    let mut rows = vec![(language.label_key(), key(keys, explanation, language))];
    let fields = explanation.fields.iter();
    rows.extend(fields.map(|(name, value)| ((*name).to_owned(), shown(value, language))));
    let bytes = figures::count(explanation.input_bytes as u64);
    let input = match &explanation.input_digest {
        Some(digest) => language.input_size_and_digest(&bytes, digest),
        None => language.input_size(&bytes),
    };
    rows.push((language.label_input(), input));
    context.output.rows(&rows)
}

fn show_two(
    context: &Context,
    keys: &Keys,
    first: &KeyExplanation,
    second: &KeyExplanation,
) -> Result<(), Failure> {
    let differences = first.differences(second);
    if context.output.json {
        return context.output.object(&Compared {
            same: differences.is_empty(),
            differences: differences.iter().map(difference).collect(),
            first: explained(keys, first),
            second: explained(keys, second),
        });
    }
    let language = context.language();
    if differences.is_empty() {
        context.output.line(&language.same_key())?;
        return context.output.rows(&[(language.label_key(), key(keys, first, language))]);
    }
    context.output.line(&language.different_keys())?;
    let row = |d: &FieldDifference| (d.field.clone(), format!("{} | {}", d.first, d.second));
    let mut rows: Vec<_> = differences.iter().map(row).collect();
    let both = match keys.unknown {
        true => language.key_unknown(),
        false => format!("{} | {}", first.key, second.key),
    };
    rows.push((language.label_key(), both));
    context.output.rows(&rows)
}

/// The key, where it is known which model the vector will be of.
fn key(keys: &Keys, explanation: &KeyExplanation, language: Language) -> String {
    if keys.unknown { language.key_unknown() } else { explanation.key.clone() }
}

fn shown(value: &FieldValue, language: Language) -> String {
    match value {
        FieldValue::Absent => language.absent(),
        value => value.to_string(),
    }
}

fn explained<'a>(keys: &'a Keys, explanation: &'a KeyExplanation) -> Explained<'a> {
    let field = |(name, value): &(&'static str, FieldValue)| ((*name).to_owned(), json(value));
    Explained {
        key: (!keys.unknown).then_some(explanation.key.as_str()),
        answering_model: keys.answering.as_deref(),
        fields: explanation.fields.iter().map(field).collect(),
        input_bytes: explanation.input_bytes,
        input_digest: explanation.input_digest.as_deref(),
    }
}

fn json(value: &FieldValue) -> Value {
    match value {
        FieldValue::Bool(value) => (*value).into(),
        FieldValue::Number(value) => (*value).into(),
        FieldValue::Text(value) => value.as_str().into(),
        FieldValue::Map(map) => {
            Value::Object(map.iter().map(|(k, v)| (k.clone(), v.as_str().into())).collect())
        }
        _ => Value::Null,
    }
}

fn difference(difference: &FieldDifference) -> Difference<'_> {
    Difference { field: &difference.field, first: &difference.first, second: &difference.second }
}
