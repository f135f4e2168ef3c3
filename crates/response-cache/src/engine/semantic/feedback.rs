//! What is learnt from answers that were wrong.

use std::time::Duration;

use cache_core::codec::text;
use cache_core::vector::Similarity;
use cache_core::{CacheError, CacheKey, ErrorKind, PutEntry, PutOptions, StoredValue, Ttl};

use super::super::Core;
use super::super::generations::life;
use super::Stage;
use crate::Error;
use crate::semantic::SemanticHit;

/// A pair that was marked is remembered for this long: longer than answers are kept by most.
const MARKED_FOR: Duration = Duration::from_secs(365 * 24 * 3_600);
/// By how much one mark raises the threshold, at most.
const STEP: f32 = 0.01;
/// How far above a wrong pair the threshold is set.
const ABOVE: f32 = 0.000_1;

impl Stage {
    /// Where it is noted that the answer of one must not be given to the other.
    pub(super) fn pair_note(&self, asked: &CacheKey, matched: &CacheKey) -> CacheKey {
        let mut input = [b"pair", asked.hash().as_slice(), matched.hash()].concat();
        input.push(1);
        self.notes.key_of_bytes(&input)
    }

    /// Where the threshold is noted that marks have raised.
    pub(super) fn threshold_note(&self) -> CacheKey {
        self.notes.key_of_bytes(b"threshold")
    }
}

/// The threshold, or a higher one that was noted.
pub(super) fn tightened(
    note: &CacheKey,
    value: Option<&StoredValue>,
    threshold: Similarity,
) -> Similarity {
    let noted = value.and_then(|value| {
        let bytes = text::unpack(note.hash(), value.bytes(), size_of::<f32>()).ok()?;
        Similarity::new(f32::from_le_bytes(bytes.as_ref().try_into().ok()?)).ok()
    });
    noted.map_or(threshold, |noted| noted.max(threshold))
}

impl Core {
    /// The pair is never served again, and the threshold rises towards its similarity.
    pub(crate) async fn mark_wrong(&self, hit: &SemanticHit) -> Result<(), Error> {
        let Some(stage) = &self.stage else { return Ok(()) };
        let note = stage.threshold_note();
        let values = self.get_many(std::slice::from_ref(&note)).await?;
        let current = tightened(&note, values.first().and_then(Option::as_ref), hit.threshold);
        let raised = (hit.similarity.get() + ABOVE).min(current.get() + STEP).min(1.0);
        let mut entries = Vec::with_capacity(2);
        let pair = stage.pair_note(&hit.asked, &hit.matched);
        let marked_for = Ttl::new(MARKED_FOR).unwrap_or(Ttl::FOREVER);
        entries.push(PutEntry::new(pair.clone(), packed(&pair, b"wrong")?, marked_for));
        if raised > current.get() {
            let value = packed(&note, &raised.to_le_bytes())?;
            entries.push(PutEntry::new(note, value, life()));
        }
        self.backend.put_many(&entries, &PutOptions::default()).await?;
        self.recorder.semantic_marked_wrong();
        Ok(())
    }
}

fn packed(key: &CacheKey, bytes: &[u8]) -> Result<StoredValue, CacheError> {
    let frame = text::pack(key.hash(), bytes);
    frame
        .map(StoredValue::new)
        .map_err(|error| CacheError::new(ErrorKind::Other, error.to_string()))
}
