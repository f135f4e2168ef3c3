//! From vectors to stored values, off the runtime's threads where it takes long.

use std::num::NonZeroUsize;
use std::sync::{Arc, OnceLock};

use cache_core::StoredValue;
use cache_core::codec::{self, VectorPolicy};

use super::Core;
use super::read::decoded_size;
use super::write::NewEntry;

/// So many vectors are encoded at once where they are: some tens of microseconds' work.
const FEW: usize = 16;

impl Core {
    /// Encodes entries, in their order: of a large batch one part here, letting other tasks run in
    /// between, and the others on the blocking threads.
    pub(super) async fn encode(self: &Arc<Self>, entries: &[NewEntry]) -> Vec<StoredValue> {
        let parts = threads().min(entries.len() / FEW).max(1);
        let (here, elsewhere) = entries.split_at(entries.len().div_ceil(parts));
        let tasks: Vec<_> = elsewhere
            .chunks(here.len().max(1))
            .map(|part| {
                let (core, part) = (Arc::clone(self), part.to_vec());
                tokio::task::spawn_blocking(move || core.encode_all(&part))
            })
            .collect();
        let mut encoded = Vec::with_capacity(entries.len());
        for few in here.chunks(FEW) {
            if !encoded.is_empty() {
                tokio::task::yield_now().await;
            }
            encoded.extend(few.iter().map(|entry| self.encode_one(entry)));
        }
        for (task, part) in tasks.into_iter().zip(elsewhere.chunks(here.len().max(1))) {
            match task.await {
                Ok(part) => encoded.extend(part),
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                // The runtime is shutting down and runs nothing on its blocking threads any more.
                Err(_) => encoded.extend(self.encode_all(part)),
            }
        }
        encoded
    }

    fn encode_all(&self, entries: &[NewEntry]) -> Vec<StoredValue> {
        entries.iter().map(|entry| self.encode_one(entry)).collect()
    }

    /// For a store that writes as it goes: encoded when its turn comes to be sent, while the store
    /// is busy with what went before.
    pub(super) fn encode_later(&self, entry: &NewEntry) -> StoredValue {
        let size = entry.embedding.dimensions() * 2;
        let (entry, policy) = (entry.clone(), self.config.vectors);
        StoredValue::deferred(size, move || encode(&entry, policy).into())
    }

    fn encode_one(&self, entry: &NewEntry) -> StoredValue {
        let value = StoredValue::new(encode(entry, self.config.vectors));
        if !self.keeps_decoded {
            return value;
        }
        // What a reader would decode, so that both ways to read give the same bits.
        match codec::decode(entry.key.hash(), value.bytes()) {
            Ok(decoded) => {
                let size = decoded_size(&decoded);
                value.with_decoded(Arc::new(decoded), size)
            }
            Err(_) => value,
        }
    }
}

fn encode(NewEntry { key, embedding, meta, .. }: &NewEntry, policy: VectorPolicy) -> Vec<u8> {
    codec::encode(key.hash(), meta, embedding, policy).bytes
}

fn threads() -> usize {
    static THREADS: OnceLock<usize> = OnceLock::new();
    *THREADS.get_or_init(|| std::thread::available_parallelism().map_or(1, NonZeroUsize::get))
}
