//! Attributes and schemas as stores keep them.

use bytes::Bytes;

use super::{
    AttributeKind, AttributeName, AttributeValue, Attributes, GraphOptions, IndexMethod,
    IndexSchema, Precision,
};

const VERSION: u8 = 1;
const TAGS: u8 = 1;
const NUMBER: u8 = 2;
const TEXT: u8 = 3;
const STORED: u8 = 4;

/// Attributes as bytes: every name and every value with its length.
#[must_use]
pub fn pack_attributes(attributes: &Attributes) -> Vec<u8> {
    let mut out = vec![VERSION];
    for (name, value) in attributes {
        put(&mut out, name.as_str().as_bytes());
        match value {
            AttributeValue::Tags(tags) => {
                out.push(TAGS);
                put_length(&mut out, tags.len());
                tags.iter().for_each(|tag| put(&mut out, tag.as_bytes()));
            }
            AttributeValue::Number(number) => {
                out.push(NUMBER);
                out.extend_from_slice(&number.to_le_bytes());
            }
            AttributeValue::Text(text) => {
                out.push(TEXT);
                put(&mut out, text.as_bytes());
            }
            AttributeValue::Stored(bytes) => {
                out.push(STORED);
                put(&mut out, bytes);
            }
        }
    }
    out
}

/// The attributes of these bytes; `None` where they are none of this version.
#[must_use]
pub fn unpack_attributes(packed: &[u8]) -> Option<Attributes> {
    let (&VERSION, mut rest) = packed.split_first()? else { return None };
    let mut attributes = Attributes::new();
    while !rest.is_empty() {
        let name = AttributeName::new(&take_text(&mut rest)?).ok()?;
        attributes.insert(name, take_value(&mut rest)?);
    }
    Some(attributes)
}

fn take_value(rest: &mut &[u8]) -> Option<AttributeValue> {
    Some(match take(rest, 1)?[0] {
        TAGS => {
            let tags = take_length(rest)?;
            AttributeValue::Tags((0..tags).map(|_| take_text(rest)).collect::<Option<_>>()?)
        }
        NUMBER => AttributeValue::Number(f64::from_le_bytes(take(rest, 8)?.try_into().ok()?)),
        TEXT => AttributeValue::Text(take_text(rest)?),
        STORED => {
            let length = take_length(rest)?;
            AttributeValue::Stored(Bytes::copy_from_slice(take(rest, length)?))
        }
        _ => return None,
    })
}

/// No length is above the bounds of an entry, see [`VectorEntry`](super::VectorEntry).
fn put_length(out: &mut Vec<u8>, length: usize) {
    out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes());
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    put_length(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn take<'p>(rest: &mut &'p [u8], length: usize) -> Option<&'p [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

fn take_length(rest: &mut &[u8]) -> Option<usize> {
    let bytes = take(rest, 4)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(bytes)).ok()
}

fn take_text(rest: &mut &[u8]) -> Option<String> {
    let length = take_length(rest)?;
    Some(str::from_utf8(take(rest, length)?).ok()?.to_owned())
}

impl Precision {
    /// A short, stable name, as it is in the text of a schema.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Float32 => "f32",
            Self::Float16 => "f16",
            Self::Int8 => "i8",
            Self::Binary => "b1",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let all = [Self::Float32, Self::Float16, Self::Int8, Self::Binary];
        all.into_iter().find(|one| one.as_str() == text)
    }
}

impl IndexMethod {
    fn to_text(self) -> String {
        match self {
            Self::Exact => "exact".to_owned(),
            Self::Approximate(graph) => {
                format!("graph/{}/{}/{}", graph.links, graph.build_effort, graph.search_effort)
            }
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if text == "exact" {
            return Some(Self::Exact);
        }
        let mut numbers = text.strip_prefix("graph/")?.split('/').map(|n| n.parse().ok());
        let graph = GraphOptions {
            links: numbers.next()??,
            build_effort: numbers.next()??,
            search_effort: numbers.next()??,
        };
        numbers.next().is_none().then_some(Self::Approximate(graph))
    }
}

impl IndexSchema {
    /// The schema as a text, equal for equal schemas, which a store can keep with the index:
    /// `1;384;exact;f32;tenant:tags,year:number`.
    #[must_use]
    pub fn to_text(&self) -> String {
        let attributes: Vec<_> = self
            .attributes
            .iter()
            .map(|(name, kind)| format!("{name}:{}", kind.as_str()))
            .collect();
        let (method, precision) = (self.method.to_text(), self.precision.as_str());
        format!("{VERSION};{};{method};{precision};{}", self.dimensions, attributes.join(","))
    }

    /// The schema of a [text](Self::to_text); `None` where it is none of this version.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(';');
        let mut part = || parts.next();
        if part()? != VERSION.to_string() {
            return None;
        }
        let schema = Self::new(part()?.parse().ok()?).ok()?;
        let schema = schema.with_method(IndexMethod::parse(part()?)?);
        let schema = schema.with_precision(Precision::parse(part()?)?);
        let attributes = part()?;
        if part().is_some() {
            return None;
        }
        attributes.split_terminator(',').try_fold(schema, |schema, attribute| {
            let (name, kind) = attribute.split_once(':')?;
            let name = AttributeName::new(name).ok()?;
            Some(schema.with_attribute(name, AttributeKind::parse(kind)?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes() -> Attributes {
        let name = |name| AttributeName::new(name).unwrap();
        Attributes::from([
            (name("a"), AttributeValue::Tags(vec!["x,y".to_owned(), String::new()])),
            (name("b"), AttributeValue::Number(-0.1)),
            (name("c"), AttributeValue::Text("한\0".to_owned())),
            (name("d"), AttributeValue::Stored(Bytes::from_static(&[0, 255]))),
            (name("e"), AttributeValue::Tags(vec![])),
        ])
    }

    #[test]
    fn attributes_are_read_back_and_cut_ones_are_not() {
        let packed = pack_attributes(&attributes());
        assert!(unpack_attributes(&packed) == Some(attributes()));
        assert!(unpack_attributes(&pack_attributes(&Attributes::new())) == Some(Attributes::new()));
        let ends: Vec<_> =
            (0..packed.len()).filter(|&end| unpack_attributes(&packed[..end]).is_some()).collect();
        // A cut between two attributes cannot be told from an end.
        assert_eq!(ends.len(), attributes().len(), "of the others none is whole");
        assert!(unpack_attributes(&[2]).is_none() && unpack_attributes(&[1, 255]).is_none());
    }

    #[test]
    fn schemas_are_read_back() {
        let name = |name| AttributeName::new(name).unwrap();
        let plain = IndexSchema::new(384).unwrap();
        assert_eq!(plain.to_text(), "1;384;exact;f32;");
        let full = plain
            .clone()
            .with_method(IndexMethod::Approximate(GraphOptions::new()))
            .with_precision(Precision::Int8)
            .with_attribute(name("year"), AttributeKind::Number)
            .with_attribute(name("tenant"), AttributeKind::Tags);
        assert_eq!(full.to_text(), "1;384;graph/16/200/100;i8;tenant:tags,year:number");
        let bits = full.clone().with_precision(Precision::Binary);
        for schema in [plain, full, bits] {
            assert_eq!(IndexSchema::parse(&schema.to_text()), Some(schema));
        }
        for wrong in ["", "1;0;exact;f32;", "2;4;exact;f32;", "1;4;exact;f32;a", "1;4;graph/1;f32;"]
        {
            assert_eq!(IndexSchema::parse(wrong), None, "{wrong}");
        }
    }
}
