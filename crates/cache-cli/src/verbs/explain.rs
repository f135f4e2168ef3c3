//! `explain`: what makes a key, and how two differ. No store is asked: keys do not depend on one.

use caching_with_redis::core::{
    EmbedOptions, FieldDifference, FieldValue, InputKind, KeyExplanation, Scope,
};
use caching_with_redis::embedding::ModelCache;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::args::{self, Input};
use crate::context::Context;
use crate::failure::Failure;
use crate::figures;
use crate::language::Language;

#[derive(Debug, Serialize)]
struct Explained<'a> {
    key: &'a str,
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

pub(super) fn run(context: &Context, explain: &args::Explain) -> Result<(), Failure> {
    let model = context.detached()?;
    let first = explanation(&model, &explain.text, explain.tenant.as_deref(), explain.input);
    let compares = explain.text2.is_some() || explain.tenant2.is_some() || explain.input2.is_some();
    if !compares {
        return show_one(context, &first);
    }
    // What is not said of the second is as in the first.
    let second = explanation(
        &model,
        explain.text2.as_ref().unwrap_or(&explain.text),
        explain.tenant2.as_deref().or(explain.tenant.as_deref()),
        explain.input2.or(explain.input),
    );
    show_two(context, &first, &second)
}

fn explanation(
    model: &ModelCache,
    text: &str,
    tenant: Option<&str>,
    input: Option<Input>,
) -> KeyExplanation {
    let mut options = EmbedOptions::default();
    if let Some(input) = input {
        options = options.with_input_kind(match input {
            Input::Query => InputKind::Query,
            Input::Document => InputKind::Document,
        });
    }
    let scope = tenant.map_or_else(Scope::shared, Scope::tenant);
    model.clone().with_scope(scope).with_options(options).explain(text)
}

fn show_one(context: &Context, explanation: &KeyExplanation) -> Result<(), Failure> {
    if context.output.json {
        return context.output.object(&explained(explanation));
    }
    let language = context.language();
    let mut rows = vec![(language.label_key(), explanation.key.clone())];
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
    first: &KeyExplanation,
    second: &KeyExplanation,
) -> Result<(), Failure> {
    let differences = first.differences(second);
    if context.output.json {
        return context.output.object(&Compared {
            same: differences.is_empty(),
            differences: differences.iter().map(difference).collect(),
            first: explained(first),
            second: explained(second),
        });
    }
    let language = context.language();
    if differences.is_empty() {
        context.output.line(&language.same_key())?;
        return context.output.rows(&[(language.label_key(), first.key.clone())]);
    }
    context.output.line(&language.different_keys())?;
    let row = |d: &FieldDifference| (d.field.clone(), format!("{} | {}", d.first, d.second));
    let mut rows: Vec<_> = differences.iter().map(row).collect();
    rows.push((language.label_key(), format!("{} | {}", first.key, second.key)));
    context.output.rows(&rows)
}

fn shown(value: &FieldValue, language: Language) -> String {
    match value {
        FieldValue::Absent => language.absent(),
        value => value.to_string(),
    }
}

fn explained(explanation: &KeyExplanation) -> Explained<'_> {
    let field = |(name, value): &(&'static str, FieldValue)| ((*name).to_owned(), json(value));
    Explained {
        key: &explanation.key,
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
