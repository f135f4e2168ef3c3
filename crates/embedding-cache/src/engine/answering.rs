//! Which model answers at a deployment, as its replies say and the store remembers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use cache_core::{
    CacheError, CacheKey, EmbeddingProvider, GetOptions, KeyKind, KeyProfile, KeySpace,
    ProviderError, ProviderErrorKind, PutEntry, PutOptions, StoredValue, Ttl,
};

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{Call, Core};
use crate::ModelChange;
use crate::builder::Config;

/// How long a process goes by what it has read; then it looks whether others know better.
const TRUSTED: Duration = Duration::from_secs(60);

/// What this process knows of it.
#[derive(Debug)]
pub(crate) struct Answering {
    pub(super) record: CacheKey,
    known: RwLock<Option<Known>>,
    /// Held while the first model is found out.
    pub(super) learning: Arc<tokio::sync::Mutex<()>>,
    warned: AtomicBool,
}

#[derive(Debug, Clone)]
struct Known {
    model: Arc<str>,
    read_at: Instant,
}

impl Answering {
    /// Of a provider whose replies name their model and that does not know its version beforehand.
    pub(super) fn of(provider: &dyn EmbeddingProvider, config: &Config) -> Option<Self> {
        let identity = provider.identity();
        (provider.names_model() && identity.version.is_none()).then(|| {
            let space = KeySpace::new(config.namespace.clone(), KeyKind::Model, config.generation);
            let profile = KeyProfile::model_record(space, &identity, config.secret.as_ref());
            Self {
                record: profile.key_of_bytes(&[]),
                known: RwLock::default(),
                learning: Arc::default(),
                warned: AtomicBool::new(false),
            }
        })
    }

    /// The model that answered last, as far as this process knows.
    pub(crate) fn current(&self) -> Option<Arc<str>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().map(|known| Arc::clone(&known.model))
    }

    pub(super) fn set(&self, model: Arc<str>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        *known = Some(Known { model, read_at: Instant::now() });
    }

    /// Whether the record is to be read: true for one caller whenever it has grown old.
    fn is_due(&self) -> bool {
        let fresh = |known: &Option<Known>| {
            known.as_ref().is_some_and(|known| known.read_at.elapsed() < TRUSTED)
        };
        if fresh(&self.known.read().unwrap_or_else(PoisonError::into_inner)) {
            return false;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let due = !fresh(&known);
        if let Some(known) = known.as_mut() {
            known.read_at = Instant::now();
        }
        due
    }
}

impl Core {
    /// The model that answers, by what this process or the store knows; `None` when no reply has
    /// said it yet. At most one round trip, seldom.
    pub(crate) async fn answering_model(
        self: &Arc<Self>,
        answering: &Answering,
    ) -> Result<Option<Arc<str>>, CacheError> {
        if !answering.is_due() {
            return Ok(answering.current());
        }
        match (self.read_record(answering).await, answering.current()) {
            (Ok(Some(recorded)), _) => {
                answering.set(Arc::clone(&recorded));
                Ok(Some(recorded))
            }
            (Ok(None), Some(known)) => {
                self.record_later(answering, Arc::clone(&known)); // The store has lost it.
                Ok(Some(known))
            }
            (Err(error), Some(known)) => {
                Self::store_failed("read the model's record", &error);
                Ok(Some(known))
            }
            (recorded, None) => recorded,
        }
    }

    pub(super) async fn read_record(
        &self,
        answering: &Answering,
    ) -> Result<Option<Arc<str>>, CacheError> {
        let record = &answering.record;
        let keys = std::slice::from_ref(record);
        let values = self.backend.get_many(keys, &GetOptions::default()).await?;
        Ok(values.into_iter().next().flatten().and_then(|value| from_record(record, &value)))
    }

    /// Writes which model answers, and gives up the lease on finding that out.
    pub(super) async fn write_record(
        &self,
        record: &CacheKey,
        model: &str,
    ) -> Result<(), CacheError> {
        let entry = PutEntry::new(record.clone(), to_record(record, model), Ttl::FOREVER);
        let options = PutOptions::default().with_release(self.token);
        self.backend.put_many(std::slice::from_ref(&entry), &options).await
    }

    fn record_later(self: &Arc<Self>, answering: &Answering, model: Arc<str>) {
        let (core, record) = (Arc::clone(self), answering.record.clone());
        self.background.spawn(async move {
            if let Err(error) = core.write_record(&record, &model).await {
                Self::store_failed("write the model's record", &error);
            }
        });
    }

    /// Holds a reply's model against the one that the call's keys are of.
    pub(super) fn check_model(
        self: &Arc<Self>,
        call: &Call,
        answered: Option<&str>,
    ) -> Result<(), ProviderError> {
        let (Some(expected), Some(answering)) = (call.answering.as_deref(), &self.answering) else {
            return Ok(());
        };
        // A reply that names no model is of the model without a name.
        let answered = answered.unwrap_or_default();
        if answered == expected {
            return Ok(());
        }
        self.recorder.model_changed();
        let wrong = |then| {
            let message = format!(
                "the deployment answered as the model {answered:?}, the cache holds vectors of \
                 {expected:?}; {then}"
            );
            Err(ProviderError::new(ProviderErrorKind::WrongModel, message))
        };
        match self.config.model_change {
            ModelChange::Follow => {
                tracing::warn!(answered, expected, "the deployment has another model now");
                let model: Arc<str> = answered.into();
                answering.set(Arc::clone(&model));
                self.record_later(answering, model);
                wrong("it goes on with the new model")
            }
            ModelChange::Warn => {
                if !answering.warned.swap(true, Ordering::Relaxed) {
                    tracing::warn!(answered, expected, "another model answered than before");
                }
                Ok(())
            }
            ModelChange::Refuse => wrong("clear the cache to go on with the new one"),
        }
    }
}

/// A record: a magic number, a checksum that is bound to the key, the model's name.
const MAGIC: &[u8; 4] = b"MDL1";
const HEADER: usize = MAGIC.len() + 8;

fn checksum(record: &CacheKey, model: &str) -> [u8; 8] {
    xxh3_64_with_seed(model.as_bytes(), record.short_hash()).to_le_bytes()
}

fn to_record(record: &CacheKey, model: &str) -> StoredValue {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&checksum(record, model));
    bytes.extend_from_slice(model.as_bytes());
    StoredValue::new(bytes)
}

/// The model of a record that verifies; anything else counts as no record.
pub(super) fn from_record(record: &CacheKey, value: &StoredValue) -> Option<Arc<str>> {
    let sound = || {
        let (header, model) = value.bytes().split_at_checked(HEADER)?;
        let model = std::str::from_utf8(model).ok()?;
        (header.strip_prefix(MAGIC)? == checksum(record, model)).then(|| Arc::from(model))
    };
    let model = sound();
    if model.is_none() {
        tracing::warn!("the record of which model answers did not verify and was ignored");
    }
    model
}
