//! The spans, as a subscriber sees them.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use cache_core::{CacheBackend, GetOptions, MemoryBackend};
use cache_metrics::MeteredBackend;
use cache_redis::{RedisBackend, RedisConfig};
use support::{SECRET, keys};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

type Fields = BTreeMap<String, String>;

/// Keeps the fields of every span.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<BTreeMap<u64, Fields>>>);

struct Into<'a>(&'a mut Fields);

impl Visit for Into<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl<S: Subscriber> Layer<S> for Seen {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let metadata = attributes.metadata();
        let mut fields = Fields::from([("span".to_owned(), metadata.name().to_owned())]);
        assert_eq!(*metadata.level(), Level::DEBUG);
        attributes.record(&mut Into(&mut fields));
        self.0.lock().unwrap().insert(id.into_u64(), fields);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut spans = self.0.lock().unwrap();
        values.record(&mut Into(spans.get_mut(&id.into_u64()).unwrap()));
    }
}

#[tokio::test]
async fn operations_are_spans_that_name_no_key() {
    let seen = Seen::default();
    let subscriber = tracing_subscriber::registry().with(seen.clone());
    let _guard = tracing::subscriber::set_default(subscriber);
    let memory = MeteredBackend::new(Arc::new(MemoryBackend::new(1 << 20)));
    memory.get_many(&keys(5), &GetOptions::default()).await.unwrap();
    let nobody = RedisBackend::open(&RedisConfig::new("redis://127.0.0.1:1")).unwrap();
    MeteredBackend::new(Arc::new(nobody)).contains_many(&keys(1)).await.unwrap_err();

    let spans = seen.0.lock().unwrap();
    let spans: Vec<_> = spans.values().filter(|fields| fields["span"] == "cache_store").collect();
    let expected = |store: &str, operation: &str, keys: &str, outcome: &str| {
        let outcome = format!("{outcome:?}");
        let fields = [
            ("span", "cache_store".to_owned()),
            ("store", format!("{store:?}")),
            ("operation", format!("{operation:?}")),
            ("keys", keys.to_owned()),
            ("outcome", outcome),
        ];
        fields.map(|(name, value)| (name.to_owned(), value)).into_iter().collect::<Fields>()
    };
    let expected =
        [expected("memory", "get", "5", "ok"), expected("redis", "contains", "1", "unavailable")];
    assert_eq!(spans.len(), 2, "{spans:#?}");
    assert!(expected.iter().all(|span| spans.contains(&span)), "{spans:#?}");
    assert!(!format!("{spans:?}").contains(SECRET));
}
