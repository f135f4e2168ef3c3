//! An entry as it lies in the file.

use cache_core::vector::{IndexSchema, VectorEntry, VectorId, pack_attributes, unpack_attributes};
use cache_core::{Embedding, Ttl};
use rusqlite::Row;
use vector_scan::ScanEntry;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::clock;

/// What [`Stored::read`] reads.
pub(super) const COLUMNS: &str = "change, id, expires_at, checksum, attributes, vector";

/// An entry on its way into the file.
pub(super) struct Packed<'e> {
    pub(super) id: &'e str,
    pub(super) size: i64,
    pub(super) expires_at: Option<i64>,
    pub(super) checksum: i64,
    pub(super) attributes: Vec<u8>,
    /// The values as 32-bit floats, little endian.
    pub(super) vector: Vec<u8>,
}

impl<'e> Packed<'e> {
    /// An entry that is written now.
    pub(super) fn new(entry: &'e VectorEntry, now: i64) -> Self {
        let id = entry.id.as_str();
        let expires_at = clock::expiry(now, entry.ttl);
        let attributes = pack_attributes(&entry.attributes);
        let vector: Vec<u8> = entry.vector.iter().flat_map(|value| value.to_le_bytes()).collect();
        let checksum = checksum(id.as_bytes(), expires_at, &attributes, &vector);
        Self { id, size: size_of(entry), expires_at, checksum, attributes, vector }
    }
}

/// What an entry counts: what it takes in memory, which is about what it takes in the file.
pub(super) fn size_of(entry: &VectorEntry) -> i64 {
    i64::try_from(ScanEntry::written(entry, 0).bytes()).unwrap_or(i64::MAX)
}

/// A row that was read and is not yet believed.
pub(super) struct Stored<'r> {
    pub(super) change: i64,
    /// A text, if the file is sound.
    pub(super) id: &'r [u8],
    expires_at: Option<i64>,
    checksum: i64,
    attributes: &'r [u8],
    vector: &'r [u8],
}

impl<'r> Stored<'r> {
    /// Reads a row of [`COLUMNS`].
    pub(super) fn read(row: &'r Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            change: row.get(0)?,
            id: row.get_ref(1)?.as_bytes()?,
            expires_at: row.get(2)?,
            checksum: row.get(3)?,
            attributes: row.get_ref(4)?.as_blob()?,
            vector: row.get_ref(5)?.as_blob()?,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.id.len() + self.attributes.len() + self.vector.len()
    }

    /// Whether it is what was written.
    pub(super) fn verifies(&self) -> bool {
        checksum(self.id, self.expires_at, self.attributes, self.vector) == self.checksum
    }

    /// Its id, if that can be read.
    pub(super) fn id(&self) -> Option<VectorId> {
        VectorId::new(str::from_utf8(self.id).ok()?).ok()
    }

    /// The entry, and the first millisecond since 1970 at which it is gone; `None` when it is damaged or
    /// cannot be in an index of this schema.
    pub(super) fn unpack(&self, schema: &IndexSchema) -> Option<(VectorEntry, Option<u64>)> {
        if !self.verifies() {
            return None;
        }
        let (values, []) = self.vector.as_chunks() else { return None };
        let values: Vec<f32> = values.iter().map(|value| f32::from_le_bytes(*value)).collect();
        let vector = Embedding::new(values).ok()?;
        let attributes = unpack_attributes(self.attributes)?;
        let entry = VectorEntry::new(self.id()?, vector, Ttl::FOREVER).with_attributes(attributes);
        schema.check_entries(std::slice::from_ref(&entry)).ok()?;
        Some((entry, self.expires_at.map(|end| u64::try_from(end).unwrap_or(0))))
    }
}

/// Over all of a row that matters. Each part seeds the sum of the next, so that no byte can change
/// from one part to another.
fn checksum(id: &[u8], expires_at: Option<i64>, attributes: &[u8], vector: &[u8]) -> i64 {
    let end = expires_at.unwrap_or(i64::MAX).to_le_bytes();
    let parts = [id, &end, attributes, vector];
    parts.iter().fold(0, |seed, part| xxh3_64_with_seed(part, seed)).cast_signed()
}
