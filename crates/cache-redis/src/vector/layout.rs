//! The text in which the schema of an index is stored. Equal texts are equal schemas.

use std::fmt::Write;

use cache_core::vector::{
    AttributeKind, AttributeName, GraphOptions, IndexMethod, IndexSchema, Precision,
};

const MAGIC: &str = "vectors-1";

/// The text of a schema for this engine.
pub(super) fn text(engine: &str, schema: &IndexSchema) -> String {
    let mut text = format!("{MAGIC} {engine} {}", schema.dimensions);
    match schema.method {
        IndexMethod::Approximate(GraphOptions { links, build_effort, search_effort, .. }) => {
            let _ = write!(text, " graph/{links}/{build_effort}/{search_effort}");
        }
        // Whatever else there may be: to search exactly misses nothing.
        _ => text.push_str(" exact"),
    }
    text.push_str(match schema.precision {
        Precision::Binary => " binary",
        Precision::Int8 => " int8",
        Precision::Float16 => " float16",
        _ => " float32",
    });
    for (name, kind) in &schema.attributes {
        let _ = write!(text, " {name}={}", kind.as_str());
    }
    text
}

/// The engine and the schema of a text; nothing if it is no such text.
pub(super) fn parse(text: &[u8]) -> Option<(&str, IndexSchema)> {
    let mut words = std::str::from_utf8(text).ok()?.split(' ');
    if words.next()? != MAGIC {
        return None;
    }
    let engine = words.next()?;
    let mut schema = IndexSchema::new(words.next()?.parse().ok()?).ok()?;
    schema.method = method(words.next()?)?;
    schema.precision = match words.next()? {
        "binary" => Precision::Binary,
        "int8" => Precision::Int8,
        "float16" => Precision::Float16,
        "float32" => Precision::Float32,
        _ => return None,
    };
    for word in words {
        let (name, kind) = word.split_once('=')?;
        let name = AttributeName::new(name).ok()?;
        schema.attributes.insert(name, AttributeKind::parse(kind)?);
    }
    Some((engine, schema))
}

fn method(word: &str) -> Option<IndexMethod> {
    if word == "exact" {
        return Some(IndexMethod::Exact);
    }
    let numbers = word.strip_prefix("graph/")?.split('/').map(|number| number.parse().ok());
    let [links, build, search] = numbers.collect::<Option<Vec<u16>>>()?[..] else { return None };
    let options = GraphOptions::new().with_links(links);
    Some(IndexMethod::Approximate(options.with_build_effort(build).with_search_effort(search)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_read_back() {
        let name = |name| AttributeName::new(name).unwrap();
        let plain = IndexSchema::new(3).unwrap();
        let full = IndexSchema::new(384)
            .unwrap()
            .with_attribute(name("b"), AttributeKind::Tags)
            .with_attribute(name("a"), AttributeKind::Stored)
            .with_method(IndexMethod::Approximate(GraphOptions::new().with_links(7)))
            .with_precision(Precision::Int8);
        let bits = full.clone().with_precision(Precision::Binary);
        for schema in [plain, full, bits] {
            let stored = text("x/4", &schema);
            assert_eq!(parse(stored.as_bytes()), Some(("x/4", schema)));
        }
        for wrong in [
            "",
            "vectors-2 x 3 exact float32",
            "vectors-1 x 0 exact float32",
            "vectors-1 x 3 graph/1 int8",
        ] {
            assert_eq!(parse(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
