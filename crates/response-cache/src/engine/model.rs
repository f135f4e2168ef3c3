//! Which model answers at a deployment, as its replies say and the store remembers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use cache_core::codec::text;
use cache_core::{
    CacheError, CacheKey, KeyKind, KeyProfile, KeySpace, ModelChange, ModelIdentity, ProviderError,
    ProviderErrorKind, PutEntry, PutOptions, StoredValue, Ttl,
};

use super::Core;
use crate::builder::Config;
use crate::stored::Kept;

/// How long a process goes by what it has read; then the next look into the store reads the record
/// along.
const TRUSTED: Duration = Duration::from_secs(1);
/// Names of models are short.
const LONGEST: usize = 1_024;

/// What this process knows of it.
#[derive(Debug)]
pub(super) struct Answering {
    record: CacheKey,
    noted: RwLock<Noted>,
    warned: AtomicBool,
}

#[derive(Debug, Default)]
struct Noted {
    model: Option<Arc<str>>,
    read_at: Option<Instant>,
    /// Raised whenever this process writes the record, before and after.
    writes: u64,
    /// Writes of it that are under way.
    writing: u32,
}

/// A look at the record that is under way.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    answering: &'a Answering,
    writes: u64,
}

impl Answering {
    /// Of a provider that does not know its model's version beforehand: what it knows is part of
    /// the key.
    pub(super) fn of(identity: &ModelIdentity, config: &Config) -> Option<Self> {
        identity.version.is_none().then(|| {
            let space = KeySpace::new(config.namespace.clone(), KeyKind::Model, config.generation);
            let profile = KeyProfile::model_record(space, identity, config.secret.as_ref());
            Self {
                record: profile.key_of_bytes(b"chat"),
                noted: RwLock::default(),
                warned: AtomicBool::new(false),
            }
        })
    }

    fn noted(&self) -> RwLockReadGuard<'_, Noted> {
        self.noted.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn noted_mut(&self) -> RwLockWriteGuard<'_, Noted> {
        self.noted.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The model that answered last, as far as this process knows.
    fn model(&self) -> Option<Arc<str>> {
        self.noted().model.clone()
    }

    /// Begins to read the record along with something else, where it is time for that.
    pub(super) fn reading_along(&self) -> Option<Reading<'_>> {
        let fresh = self.noted().read_at.is_some_and(|at| at.elapsed() < TRUSTED);
        (!fresh).then(|| self.reading())
    }

    fn reading(&self) -> Reading<'_> {
        Reading { answering: self, writes: self.noted().writes }
    }

    /// Whether the deployment is known to have another model than this one.
    fn has_another_than(&self, model: &str) -> bool {
        self.noted().model.as_deref().is_some_and(|noted| noted != model)
    }

    /// Goes by this model from now on; says whether that is new.
    fn note(&self, model: &str) -> bool {
        let mut noted = self.noted_mut();
        let new = noted.model.as_deref() != Some(model);
        if new {
            noted.model = Some(model.into());
            noted.writes += 1;
            noted.writing += 1;
        }
        new
    }

    fn forget(&self) {
        let mut noted = self.noted_mut();
        let (writes, writing) = (noted.writes + 1, noted.writing);
        *noted = Noted { writes, writing, ..Noted::default() };
    }

    /// What [`note`](Self::note) has begun is over.
    fn written(&self) {
        let mut noted = self.noted_mut();
        noted.writes += 1;
        noted.writing = noted.writing.saturating_sub(1);
    }
}

impl Reading<'_> {
    pub(super) fn record(&self) -> &CacheKey {
        &self.answering.record
    }

    /// What the store says counts, unless this process has written meanwhile, or is about to.
    pub(super) fn end(self, value: Option<&StoredValue>) {
        let model = value.and_then(|value| of_record(self.record(), value));
        let mut noted = self.answering.noted_mut();
        noted.read_at = Some(Instant::now());
        let undisturbed = noted.writes == self.writes && noted.writing == 0;
        if undisturbed && noted.model.as_deref() != model.as_deref() {
            noted.model = model;
        }
    }
}

impl Core {
    /// Whether the entry is of a model that the deployment no longer has, where that matters.
    pub(super) async fn is_superseded(&self, kept: &Kept) -> Result<bool, CacheError> {
        let (Some(answering), Some(model)) = (&self.answering, kept.0.meta.model.as_deref()) else {
            return Ok(false);
        };
        if self.config.model_change != ModelChange::Follow || !answering.has_another_than(model) {
            return Ok(false);
        }
        // What is remembered may be older than the entry: only the store condemns it.
        let reading = answering.reading();
        let values = self.get_many(std::slice::from_ref(reading.record())).await?;
        reading.end(values.first().and_then(Option::as_ref));
        Ok(answering.has_another_than(model))
    }

    /// Holds a reply's model against the one that the entries are of. A reply that names none is
    /// taken for one of it.
    pub(super) fn check_model(
        self: &Arc<Self>,
        answered: Option<&str>,
        store: bool,
    ) -> Result<(), ProviderError> {
        let (Some(answering), Some(answered)) = (&self.answering, answered) else { return Ok(()) };
        let Some(expected) = answering.model() else {
            self.note_model(answering, answered, store);
            return Ok(());
        };
        if *expected == *answered {
            return Ok(());
        }
        self.recorder.model_changed();
        match self.config.model_change {
            ModelChange::Follow => {
                if self.note_model(answering, answered, store) {
                    tracing::warn!(answered, %expected, "the deployment has another model now");
                }
                Ok(())
            }
            ModelChange::Warn => {
                if !answering.warned.swap(true, Ordering::Relaxed) {
                    tracing::warn!(answered, %expected, "another model answered than before");
                }
                Ok(())
            }
            ModelChange::Refuse => {
                let message = format!(
                    "the deployment answered as the model {answered:?}, the cache holds answers of \
                     {expected:?}; clear the cache to go on with the new one"
                );
                Err(ProviderError::new(ProviderErrorKind::WrongModel, message))
            }
        }
    }

    /// The record is gone, and the entries with it.
    pub(crate) fn forget_model(&self) {
        self.answering.iter().for_each(Answering::forget);
    }

    /// Goes by this model, in the store too; says whether that is new.
    fn note_model(self: &Arc<Self>, answering: &Answering, model: &str, store: bool) -> bool {
        if !store || !answering.note(model) {
            return false;
        }
        let Some(value) = to_record(&answering.record, model) else {
            answering.written();
            return true;
        };
        let (core, record) = (Arc::clone(self), answering.record.clone());
        self.background.spawn(async move {
            let entry = PutEntry::new(record, value, Ttl::FOREVER);
            if let Err(error) = core.backend.put_many(&[entry], &PutOptions::default()).await {
                Self::store_failed("note the model", &error);
            }
            core.answering.iter().for_each(Answering::written);
        });
        true
    }
}

fn to_record(record: &CacheKey, model: &str) -> Option<StoredValue> {
    text::pack(record.hash(), model.as_bytes()).ok().map(StoredValue::new)
}

/// The model of a record that verifies; anything else counts as no record.
fn of_record(record: &CacheKey, value: &StoredValue) -> Option<Arc<str>> {
    let model = text::unpack(record.hash(), value.bytes(), LONGEST).ok()?;
    std::str::from_utf8(&model).ok().map(Arc::from)
}

#[cfg(test)]
mod tests {
    use cache_core::{KeyFields, Namespace};

    use super::*;

    #[test]
    fn a_record_that_is_being_written_is_not_taken_back_by_an_older_one() {
        let space = KeySpace::new(Namespace::default(), KeyKind::Model, 0);
        let profile = KeyProfile::new(space, KeyFields::new(KeyKind::Model), None);
        let (record, noted) = (profile.key_of_bytes(b"chat"), RwLock::default());
        let answering = Answering { record: record.clone(), noted, warned: AtomicBool::new(false) };
        let stored = |model| to_record(&record, model);
        answering.reading().end(stored("old").as_ref());
        assert_eq!(answering.model().as_deref(), Some("old"));
        // Read before the new name is there.
        assert!(answering.note("new"));
        answering.reading().end(stored("old").as_ref());
        assert_eq!(answering.model().as_deref(), Some("new"));
        // Begun before that, and ended after it.
        let reading = answering.reading();
        answering.written();
        reading.end(stored("old").as_ref());
        assert_eq!(answering.model().as_deref(), Some("new"));
        // From now on others may know better.
        answering.reading().end(stored("newer").as_ref());
        assert_eq!(answering.model().as_deref(), Some("newer"));
    }
}
