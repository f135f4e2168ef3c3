//! A schema and its values, as people and programs are told.

use caching_with_redis::core::vector::{
    AttributeKind, AttributeName, AttributeValue, Attributes, GraphInfo, GraphOptions, IndexMethod,
    IndexSchema,
};
use caching_with_redis::{OpenedVectors, SearchEngine, WhyEngine};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::figures;
use crate::language::Language;

/// A schema, as answers in JSON have it.
#[derive(Debug, Serialize)]
pub(super) struct Described {
    dimensions: usize,
    /// Of each attribute its kind.
    attributes: Map<String, Value>,
    method: &'static str,
    /// Of the graph; null for an exact index.
    links: Option<u16>,
    build_effort: Option<u16>,
    search_effort: Option<u16>,
    precision: &'static str,
}

impl Described {
    pub(super) fn of(schema: &IndexSchema) -> Self {
        let kind = |(name, kind): (&AttributeName, &AttributeKind)| {
            (name.to_string(), kind.as_str().into())
        };
        let graph = graph(schema);
        Self {
            dimensions: schema.dimensions,
            attributes: schema.attributes.iter().map(kind).collect(),
            method: if graph.is_some() { "approximate" } else { "exact" },
            links: graph.map(|graph| graph.links),
            build_effort: graph.map(|graph| graph.build_effort),
            search_effort: graph.map(|graph| graph.search_effort),
            precision: schema.precision.as_str(),
        }
    }
}

fn graph(schema: &IndexSchema) -> Option<GraphOptions> {
    match schema.method {
        IndexMethod::Approximate(graph) => Some(graph),
        _ => None,
    }
}

/// How an index is searched and how its vectors are kept, for people.
pub(super) fn method(schema: &IndexSchema, language: Language) -> String {
    let precision = schema.precision.as_str();
    match graph(schema) {
        None => language.method_exact(precision),
        Some(graph) => {
            let numbers = [graph.links, graph.build_effort, graph.search_effort];
            let [links, build, search] = numbers.map(|number| number.to_string());
            language.method_approximate(precision, &links, &build, &search)
        }
    }
}

/// How far it is searched by a graph that this process builds itself.
pub(super) fn by_graph(method: &str, graph: GraphInfo, language: Language) -> String {
    let [above, entries, pending] = [graph.above, graph.entries, graph.pending].map(figures::count);
    match (graph.entries, graph.building) {
        (0, false) => language.searched_exactly_up_to(method, &above),
        (0, true) => language.graph_is_built(method),
        (_, false) => language.searched_by_graph(method, &entries, &pending),
        (_, true) => language.graph_is_built_anew(method, &entries, &pending),
    }
}

/// Why an engine was taken: a stable name for programs, and a text for people.
pub(super) fn why(why: WhyEngine, language: Language) -> (&'static str, String) {
    match why {
        WhyEngine::Chosen => ("chosen", language.why_chosen()),
        WhyEngine::OnlyOne => ("only_one", language.why_only_engine()),
        WhyEngine::HasSearch => ("has_search", language.why_has_search()),
        WhyEngine::HasSets => ("has_sets", language.why_has_sets()),
        WhyEngine::HasNeither => ("has_neither", language.why_has_neither()),
        _ => ("other", language.why_unknown()),
    }
}

/// What searches and why, for people.
pub(super) fn engine(vectors: &OpenedVectors, language: Language) -> String {
    let name = match vectors.engine {
        SearchEngine::Memory => language.engine_memory(),
        SearchEngine::Embedded => language.engine_embedded(),
        SearchEngine::Search => language.engine_search(),
        SearchEngine::Sets => language.engine_sets(),
        SearchEngine::Plain => language.engine_plain(),
        other => other.as_str().to_owned(),
    };
    language.because(&name, &why(vectors.why, language).1)
}

/// The attributes of a schema with their kinds, as `create` takes them.
pub(super) fn attributes(schema: &IndexSchema) -> String {
    let each = schema.attributes.iter().map(|(name, kind)| format!("{name}:{}", kind.as_str()));
    each.collect::<Vec<_>>().join(" ")
}

/// Values in JSON, those under these names left out.
pub(super) fn values(attributes: &Attributes, without: &[&str]) -> Map<String, Value> {
    let others = attributes.iter().filter(|(name, _)| !without.contains(&name.as_str()));
    others.map(|(name, value)| (name.to_string(), in_json(value))).collect()
}

fn in_json(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::Tags(tags) => json!(tags),
        AttributeValue::Number(number) => in_digits(*number),
        AttributeValue::Text(text) => json!(text),
        AttributeValue::Stored(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => json!(text),
            // Of another program, which alone knows what they are.
            Err(_) => json!({ "bytes": bytes.len() }),
        },
        _ => Value::Null,
    }
}

/// A whole number as one: 2024, not 2024.0.
fn in_digits(number: f64) -> Value {
    // All whole numbers up to here are floats.
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole and within the bounds")]
    if number.fract() == 0.0 && number.abs() <= LARGEST {
        return json!(number as i64);
    }
    json!(number)
}

/// The text of a value, where it is one.
pub(super) fn text(value: &AttributeValue) -> Option<&str> {
    match value {
        AttributeValue::Text(text) => Some(text),
        AttributeValue::Stored(bytes) => std::str::from_utf8(bytes).ok(),
        AttributeValue::Tags(tags) => tags.first().map(String::as_str),
        _ => None,
    }
}

/// Values on one line, for people.
pub(super) fn shown(values: &Map<String, Value>) -> String {
    let shown = |value: &Value| match value {
        Value::String(text) => figures::excerpt(text, 40),
        Value::Array(tags) => {
            let tags = tags.iter().filter_map(Value::as_str).map(|tag| figures::excerpt(tag, 40));
            tags.collect::<Vec<_>>().join("|")
        }
        other => figures::excerpt(&other.to_string(), 40),
    };
    let each = values.iter().map(|(name, value)| format!("{name}={}", shown(value)));
    each.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_they_were_meant() {
        for (number, text) in [(2024.0, "2024"), (-3.0, "-3"), (0.5, "0.5"), (1e300, "1e+300")] {
            assert_eq!(in_digits(number).to_string(), text);
        }
    }
}
