//! An entry as it is stored: attributes behind their length (u32, little endian), then the vector in
//! a frame of [`cache_core::codec`]. The frame's checksum is bound to id and attributes as well, so
//! that a value that was cut off, damaged or copied to another id is none.

use cache_core::Ttl;
use cache_core::codec::{self, EntryMeta, VectorPolicy};
use cache_core::vector::{
    IndexSchema, Precision, VectorEntry, VectorId, pack_attributes, unpack_attributes,
};
use sha2::{Digest, Sha256};

/// What keeps a schema's precision in the fewest bytes.
fn policy(precision: Precision) -> VectorPolicy {
    match precision {
        Precision::Int8 | Precision::Binary => VectorPolicy::Compact,
        Precision::Float16 => VectorPolicy::NearLossless,
        _ => VectorPolicy::Lossless,
    }
}

/// How far a similarity may be off.
pub(super) fn similarity_error(precision: Precision) -> f32 {
    match precision {
        Precision::Int8 | Precision::Binary => 0.02,
        Precision::Float16 => 0.001,
        _ => 1e-5,
    }
}

/// The stored form of an entry that the schema takes.
pub(super) fn pack(entry: &VectorEntry, schema: &IndexSchema) -> Vec<u8> {
    let attributes = pack_attributes(&entry.attributes);
    let key = key(&entry.id, &attributes);
    let policy = policy(schema.precision);
    let frame = codec::encode(&key, &EntryMeta::default(), &entry.vector, policy).bytes;
    // Attributes have at most a mebibyte, and some bytes for each name.
    let length = u32::try_from(attributes.len()).unwrap_or(u32::MAX);
    [&length.to_le_bytes()[..], &attributes, &frame].concat()
}

/// The entry of a stored form, without its end; nothing if it is damaged, or not of this id or schema.
pub(super) fn unpack(id: VectorId, stored: &[u8], schema: &IndexSchema) -> Option<VectorEntry> {
    let (length, rest) = stored.split_first_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (attributes, frame) = rest.split_at_checked(length)?;
    let vector = codec::decode(&key(&id, attributes), frame).ok()?.embedding;
    let entry =
        VectorEntry::new(id, vector, Ttl::FOREVER).with_attributes(unpack_attributes(attributes)?);
    schema.check_entries(std::slice::from_ref(&entry)).ok()?;
    Some(entry)
}

/// What the frame is bound to.
fn key(id: &VectorId, attributes: &[u8]) -> [u8; 32] {
    let id = id.as_str().as_bytes();
    Sha256::new()
        .chain_update((id.len() as u64).to_le_bytes())
        .chain_update(id)
        .chain_update(attributes)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cache_core::Embedding;
    use cache_core::vector::{AttributeKind, AttributeName, AttributeValue, Attributes};

    fn id(id: &str) -> VectorId {
        VectorId::new(id).unwrap()
    }

    fn schema() -> IndexSchema {
        let name = |name| AttributeName::new(name).unwrap();
        IndexSchema::new(5).unwrap().with_attribute(name("tag"), AttributeKind::Tags)
    }

    fn entry() -> VectorEntry {
        let vector = Embedding::new(vec![0.1, -0.2, 0.3, 4e-9, 5e9]).unwrap();
        let tag = AttributeName::new("tag").unwrap();
        VectorEntry::new(id("a"), vector, Ttl::FOREVER)
            .with_attributes(Attributes::from([(tag, AttributeValue::tag("x"))]))
    }

    #[test]
    fn entries_come_back_bit_by_bit_and_damage_is_noticed() {
        let stored = pack(&entry(), &schema());
        assert!(unpack(id("a"), &stored, &schema()) == Some(entry()));
        assert!(unpack(id("b"), &stored, &schema()).is_none(), "another id");
        for end in 0..stored.len() {
            assert!(unpack(id("a"), &stored[..end], &schema()).is_none(), "cut at {end}");
            let mut flipped = stored.clone();
            flipped[end] ^= 4;
            assert!(unpack(id("a"), &flipped, &schema()).is_none(), "a bit of byte {end}");
        }
    }

    #[test]
    fn entries_of_another_schema_are_none() {
        let stored = pack(&entry(), &schema());
        for other in [IndexSchema::new(5).unwrap(), IndexSchema::new(4).unwrap()] {
            assert!(unpack(id("a"), &stored, &other).is_none());
        }
    }

    #[test]
    fn less_precision_takes_fewer_bytes_and_keeps_its_bound() {
        let values: Vec<f32> = (0..384u16).map(|i| f32::from(i * 37 % 101) / 101.3 - 0.5).collect();
        let vector = Embedding::new(values).unwrap();
        let entry = VectorEntry::new(id("a"), vector.clone(), Ttl::FOREVER);
        let mut sizes = Vec::new();
        for precision in [Precision::Float32, Precision::Float16, Precision::Int8] {
            let schema = IndexSchema::new(384).unwrap().with_precision(precision);
            let stored = pack(&entry, &schema);
            let back = unpack(id("a"), &stored, &schema).unwrap().vector;
            let off = 1.0 - back.cosine_similarity(&vector).unwrap();
            assert!(off <= f64::from(similarity_error(precision)), "{precision:?} is off by {off}");
            sizes.push(stored.len());
        }
        assert!(sizes[0] > sizes[1] && sizes[1] > sizes[2], "{sizes:?}");
    }
}
