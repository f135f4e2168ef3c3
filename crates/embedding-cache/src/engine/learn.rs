//! Finding out which model answers: before the first reply nobody knows what the keys are to be.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cache_core::{CacheKey, EmbeddingProvider, LeaseOutcome, PutOptions};

use super::answering::{Answering, from_record};
use super::compute::{Expected, Fresh};
use super::job::Work;
use super::{Call, Core, NewEntry};
use crate::lookup::Lookup;
use crate::{Error, MissCause, Mode};

/// A waiter for another process's first reply looks this often.
const PAUSE: Duration = Duration::from_millis(20);

/// What came of it.
pub(crate) enum Learned {
    /// The model is known, or a reply has said so without a vector.
    Known,
    /// The model is known, and the text of this index got its vector on the way.
    Here { index: usize, key: CacheKey, lookup: Lookup },
    /// No text got a vector and nothing was learned.
    Nothing,
}

impl Core {
    /// Embeds the first text that has a vector, records the model that made it and stores the vector
    /// under that model's key. One caller of all processes does it; the others wait. It goes on
    /// when its caller goes away.
    ///
    /// `call_of` gives the call under a model's keys.
    pub(crate) async fn learn(
        self: &Arc<Self>,
        call: &Call,
        texts: &[&str],
        call_of: impl Fn(Arc<str>) -> Arc<Call> + Send + 'static,
    ) -> Result<Learned, Error> {
        let (Some(answering), Some(provider)) = (&self.answering, &self.provider) else {
            return Ok(Learned::Known);
        };
        let turn = Arc::clone(&answering.learning).lock_owned().await;
        if answering.current().is_some() {
            return Ok(Learned::Known);
        }
        let texts: Vec<_> = texts.iter().map(|text| self.normalized(text).into_owned()).collect();
        let (core, provider, call) = (Arc::clone(self), Arc::clone(provider), call.clone());
        let task = self.background.spawn(async move {
            let _turn = turn;
            core.learn_here(&*provider, &call, &texts, call_of).await
        });
        task.await.unwrap_or(Err(Error::Aborted))
    }

    async fn learn_here(
        self: &Arc<Self>,
        provider: &dyn EmbeddingProvider,
        call: &Call,
        texts: &[String],
        call_of: impl Fn(Arc<str>) -> Arc<Call>,
    ) -> Result<Learned, Error> {
        let Some(answering) = &self.answering else { return Ok(Learned::Known) };
        let store = call.mode != Mode::ReadOnly;
        let work = Work { core: self, call, expected: Expected::new(call.dimensions), store };
        if !self.wait_to_learn(&work, answering).await {
            return Ok(Learned::Known);
        }
        let leased = [answering.record.clone()];
        let asked = self.ask_one_by_one(&work, provider, texts);
        let found = work.while_renewing(&leased, asked).await;
        let Ok(Some((index, fresh, model))) = found else {
            work.release_keys(&leased).await;
            return found.map(|_| Learned::Nothing);
        };
        answering.set(Arc::clone(&model));
        let call = call_of(Arc::clone(&model));
        let key = call.profile.key(&texts[index]);
        let lookup = self.keep_first(&call, &key, fresh, store).await;
        if store && let Err(error) = self.write_record(&answering.record, &model).await {
            Self::store_failed("write the model's record", &error);
            work.release_keys(&leased).await;
        }
        Ok(Learned::Here { index, key, lookup })
    }

    /// Until it is this caller's turn; false when another process has recorded the model.
    async fn wait_to_learn(&self, work: &Work<'_>, answering: &Answering) -> bool {
        let Some((leases, request, longest_wait)) = work.leasing() else { return true };
        let start = Instant::now();
        loop {
            let record = &answering.record;
            match leases.get_or_lease_many(std::slice::from_ref(record), &request).await {
                Ok(outcomes) => match outcomes.into_iter().next() {
                    Some(LeaseOutcome::Held(_)) if start.elapsed() < longest_wait => {}
                    Some(LeaseOutcome::Value(value)) => {
                        let known = from_record(record, &value);
                        return known.map(|model| answering.set(model)).is_none();
                    }
                    _ => return true,
                },
                Err(error) => {
                    Self::store_failed("lease", &error);
                    return true; // Asking twice is better than not at all.
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The first text that gets a vector, with the model that made it. A text that the provider
    /// refuses for its own sake is passed over: its error comes up again with the rest.
    async fn ask_one_by_one(
        self: &Arc<Self>,
        work: &Work<'_>,
        provider: &dyn EmbeddingProvider,
        texts: &[String],
    ) -> Result<Option<(usize, Fresh, Arc<str>)>, Error> {
        for (index, text) in texts.iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            let (model, vectors) =
                self.ask_provider(provider, work.call, &work.expected, &[text]).await;
            match vectors.map(|mut vectors| vectors.pop()) {
                Ok(Some(Ok(fresh))) => {
                    let model = model.as_deref().unwrap_or_default().into();
                    return Ok(Some((index, fresh, model)));
                }
                Err(error) if error.input().is_none() => return Err(error.into()),
                _ => {}
            }
        }
        Ok(None)
    }

    async fn keep_first(
        self: &Arc<Self>,
        call: &Call,
        key: &CacheKey,
        fresh: Fresh,
        store: bool,
    ) -> Lookup {
        self.recorder.misses(MissCause::Absent, 1);
        let meta = cache_core::codec::EntryMeta {
            compute_time: fresh.compute_time,
            tokens: fresh.tokens,
            ..self.new_meta(call, None, key)
        };
        let entry = NewEntry { key: key.clone(), embedding: fresh.embedding, meta, ttl: None };
        let mut lookup = Lookup::unstored(entry.embedding.clone());
        if store {
            match self.write(call, std::slice::from_ref(&entry), &PutOptions::default()).await {
                Ok(stored) => {
                    if let Some(stored) = stored.first() {
                        (lookup.codec, lookup.stored_bytes) = (Some(stored.codec), stored.bytes);
                    }
                }
                Err(error) => Self::store_failed("write", &error),
            }
        }
        lookup
    }
}
