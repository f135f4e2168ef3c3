//! Attributes as they come back with a match: for each the number of its name in the schema (u16),
//! its kind (u8), and its content, little endian. A content of bytes is behind its length (u32).

use bytes::Bytes;
use cache_core::vector::{AttributeValue, Attributes, IndexSchema};

/// Packs attributes that the schema has.
pub(super) fn pack(attributes: &Attributes, schema: &IndexSchema) -> Vec<u8> {
    let mut out = Vec::new();
    for (index, name) in schema.attributes.keys().enumerate() {
        let Some(value) = attributes.get(name) else { continue };
        out.extend_from_slice(&length(index).to_le_bytes()[..2]);
        match value {
            AttributeValue::Tags(tags) => {
                out.push(0);
                out.extend_from_slice(&length(tags.len()).to_le_bytes());
                tags.iter().for_each(|tag| push(&mut out, tag.as_bytes()));
            }
            AttributeValue::Number(number) => {
                out.push(1);
                out.extend_from_slice(&number.to_le_bytes());
            }
            AttributeValue::Text(text) => {
                out.push(2);
                push(&mut out, text.as_bytes());
            }
            AttributeValue::Stored(bytes) => {
                out.push(3);
                push(&mut out, bytes);
            }
            // Of a kind that is not known here: it does not come back.
            _ => out.truncate(out.len() - 2),
        }
    }
    out
}

/// The attributes of what was packed; nothing if it is damaged.
pub(super) fn unpack(packed: &[u8], schema: &IndexSchema) -> Option<Attributes> {
    let names: Vec<_> = schema.attributes.iter().collect();
    let mut attributes = Attributes::new();
    let mut rest = packed;
    while let Some((index, more)) = rest.split_first_chunk() {
        let (&[kind], more) = more.split_first_chunk()?;
        rest = more;
        let (name, expected) = names.get(usize::from(u16::from_le_bytes(*index)))?;
        let value = match kind {
            0 => AttributeValue::Tags(tags(&mut rest)?),
            1 => {
                let (number, more) = rest.split_first_chunk()?;
                rest = more;
                AttributeValue::Number(f64::from_le_bytes(*number))
            }
            2 => AttributeValue::Text(text(&mut rest)?),
            3 => AttributeValue::Stored(Bytes::copy_from_slice(pull(&mut rest)?)),
            _ => return None,
        };
        if value.kind() != **expected {
            return None;
        }
        attributes.insert((*name).clone(), value);
    }
    rest.is_empty().then_some(attributes)
}

/// Attributes have at most a mebibyte.
fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

fn push(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&length(bytes.len()).to_le_bytes());
    out.extend_from_slice(bytes);
}

fn pull<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, more) = rest.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let bytes = more.get(..length)?;
    *rest = &more[length..];
    Some(bytes)
}

fn text(rest: &mut &[u8]) -> Option<String> {
    Some(std::str::from_utf8(pull(rest)?).ok()?.to_owned())
}

fn tags(rest: &mut &[u8]) -> Option<Vec<String>> {
    let (count, more) = rest.split_first_chunk()?;
    *rest = more;
    (0..u32::from_le_bytes(*count)).map(|_| text(rest)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cache_core::vector::{AttributeKind, AttributeName};

    #[test]
    fn attributes_come_back_and_damage_is_noticed() {
        let name = |name| AttributeName::new(name).unwrap();
        let schema = IndexSchema::new(2)
            .unwrap()
            .with_attribute(name("t"), AttributeKind::Tags)
            .with_attribute(name("n"), AttributeKind::Number)
            .with_attribute(name("x"), AttributeKind::Text)
            .with_attribute(name("s"), AttributeKind::Stored);
        let attributes = Attributes::from([
            (
                name("t"),
                AttributeValue::Tags(vec!["a,b".to_owned(), String::new(), "\u{c7ac}".to_owned()]),
            ),
            (name("n"), AttributeValue::Number(-1.5e300)),
            (name("s"), AttributeValue::Stored(Bytes::from_static(b"\0\xff"))),
        ]);
        let packed = pack(&attributes, &schema);
        assert_eq!(unpack(&packed, &schema), Some(attributes));
        assert_eq!(unpack(&[], &schema), Some(Attributes::new()));
        let other = IndexSchema::new(2).unwrap().with_attribute(name("n"), AttributeKind::Text);
        assert_eq!(unpack(&packed, &other), None, "another schema");
        let cuts = (1..packed.len()).filter(|&cut| unpack(&packed[..cut], &schema).is_some());
        assert!(cuts.count() <= 2, "only between two attributes");
    }
}
