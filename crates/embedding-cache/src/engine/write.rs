//! Storing what was computed.

use std::sync::Arc;

use cache_core::codec::{self, EntryMeta};
use cache_core::{CacheError, CacheKey, Embedding, PutEntry, PutOptions, StoredValue, Ttl};

use super::job::{Done, Lead, Work};
use super::{Call, Computed, Core};
use crate::Error;
use crate::lookup::now_ms;
use crate::stats::Recorder;

/// A vector on its way into the store.
#[derive(Clone)]
pub(crate) struct NewEntry {
    pub(crate) key: CacheKey,
    pub(crate) embedding: Embedding,
    pub(crate) meta: EntryMeta,
    /// Its own TTL, in place of the call's.
    pub(crate) ttl: Option<Ttl>,
}

/// How a vector was encoded.
#[derive(Clone, Copy)]
pub(crate) struct Stored {
    pub(crate) codec: codec::Codec,
    pub(crate) bytes: usize,
}

impl Stored {
    fn of(value: &StoredValue) -> Self {
        let frame = codec::inspect(value.bytes());
        let codec = frame.expect("invariant: a frame just made begins with its header").codec;
        Self { codec, bytes: value.bytes().len() }
    }
}

impl Core {
    /// The life of a fresh entry and the life of its stored form: the stale windows come on top.
    fn lives(&self, call: &Call, own: Option<Ttl>, key: &CacheKey) -> (Ttl, Ttl) {
        // Spread by the key's own bits: what matters is that entries differ among each other.
        let spread = f64::from(u16::from_le_bytes([key.hash()[8], key.hash()[9]])) / 65_536.0;
        let ttl = own.or(call.ttl).unwrap_or(self.config.ttl);
        let fresh = ttl.shortened_to(1.0 - self.config.jitter * spread);
        let window = self.config.stale_while_revalidate.max(self.config.stale_if_error);
        let stored = fresh.extended_by(window);
        let longest = self.config.sliding.and_then(|life| Ttl::new(life.min(Ttl::MAX)).ok());
        (fresh, longest.map_or(stored, |longest| stored.min(longest)))
    }

    /// What is stored beside a vector made now, perhaps with a TTL of its own.
    pub(crate) fn new_meta(&self, call: &Call, own: Option<Ttl>, key: &CacheKey) -> EntryMeta {
        let (fresh, stored) = self.lives(call, own, key);
        EntryMeta {
            created_at_ms: now_ms(),
            // Without stale windows the store's expiry is the end of freshness, unless it slides.
            fresh_for: match self.config.sliding {
                None if fresh == stored => None,
                _ => fresh.as_duration(),
            },
            compute_time: std::time::Duration::ZERO,
            tokens: 0,
        }
    }

    /// Encodes and writes entries: one round trip.
    pub(crate) async fn write(
        self: &Arc<Self>,
        call: &Call,
        entries: &[NewEntry],
        options: &PutOptions,
    ) -> Result<Vec<Stored>, CacheError> {
        let values = if self.writes_as_it_goes {
            entries.iter().map(|entry| self.encode_later(entry)).collect()
        } else {
            self.encode(entries).await
        };
        let put = |(entry, value): (&NewEntry, StoredValue)| {
            let (_, ttl) = self.lives(call, entry.ttl, &entry.key);
            PutEntry::new(entry.key.clone(), value, ttl)
        };
        let puts: Vec<_> = entries.iter().zip(values).map(put).collect();
        if let Err(error) = self.backend.put_many(&puts, options).await {
            self.recorder.write_failed(entries.len() as u64);
            return Err(error);
        }
        let stored: Vec<_> = puts.iter().map(|put| Stored::of(&put.value)).collect();
        record(&self.recorder, entries, &stored);
        Ok(stored)
    }
}

fn record(recorder: &Recorder, entries: &[NewEntry], stored: &[Stored]) {
    let bytes = stored.iter().map(|s| s.bytes as u64).sum();
    let raw = entries.iter().map(|e| 4 * e.embedding.dimensions() as u64).sum();
    recorder.written(entries.len() as u64, bytes, raw);
}

impl Work<'_> {
    /// Writes what was computed, where the call may, and gives it to all who wait.
    pub(super) async fn store_and_publish(&self, done: Vec<Done>) {
        if done.is_empty() {
            return;
        }
        let (mut leads, mut entries) = (Vec::new(), Vec::new());
        for Done { lead, fresh } in done {
            let meta = EntryMeta {
                compute_time: fresh.compute_time,
                tokens: fresh.tokens,
                ..self.core.new_meta(self.call, None, lead.key())
            };
            let (key, embedding) = (lead.key().clone(), fresh.embedding);
            entries.push(NewEntry { key, embedding, meta, ttl: None });
            leads.push(lead);
        }
        let written = if self.store { Some(self.write(&leads, &entries).await) } else { None };
        let failure = match &written {
            Some(Err(error)) if self.core.config.strict => Some(error.clone()),
            _ => None,
        };
        let stored = written.and_then(Result::ok);
        for (index, (lead, entry)) in leads.into_iter().zip(entries).enumerate() {
            let stored = stored.as_ref().map(|stored| stored[index]);
            lead.publish(match &failure {
                Some(error) => Err(error.clone()),
                None => Ok(Computed {
                    embedding: entry.embedding,
                    created_at_ms: entry.meta.created_at_ms,
                    codec: stored.map(|s| s.codec),
                    stored_bytes: stored.map_or(0, |s| s.bytes),
                    elsewhere: false,
                }),
            });
        }
    }

    async fn write(&self, leads: &[Lead], entries: &[NewEntry]) -> Result<Vec<Stored>, Error> {
        let mut options = PutOptions::default();
        if leads.iter().any(|lead| lead.leased && !lead.occupied) {
            options = options.with_release(self.core.token);
        }
        let result = self.core.write(self.call, entries, &options).await;
        if let Err(error) = &result {
            Core::store_failed("write", error);
        }
        // The write releases leases on the written keys; on failure, or where the lease is on a
        // companion key, they are still held.
        let held = |lead: &&Lead| lead.leased && (lead.occupied || result.is_err());
        let keys: Vec<_> = leads.iter().filter(held).map(Lead::lease_key).collect();
        self.release_keys(&keys).await;
        result.map_err(Error::from)
    }
}
