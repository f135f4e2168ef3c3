//! What a subscriber sees.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

type Fields = BTreeMap<&'static str, String>;

/// Keeps every span and every event of one thread, of all levels.
#[derive(Debug, Clone, Default)]
pub struct Spans(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    spans: Vec<(&'static str, Level, Fields)>,
    /// Places of the spans that are open.
    open: HashMap<u64, usize>,
    events: Vec<Fields>,
}

impl Spans {
    /// Listens on this thread for as long as the guard lives.
    #[must_use]
    pub fn capture() -> (Self, DefaultGuard) {
        let spans = Self::default();
        let subscriber = tracing_subscriber::registry().with(spans.clone());
        (spans, tracing::subscriber::set_default(subscriber))
    }

    /// The fields of the spans of this name in the order in which they began, as
    /// `name=value name=value`, by the names of the fields. All are of the level DEBUG.
    #[must_use]
    pub fn named(&self, name: &str) -> Vec<String> {
        let seen = self.0.lock().unwrap();
        let of_name = seen.spans.iter().filter(|(span, ..)| *span == name);
        of_name
            .map(|(_, level, fields)| {
                assert_eq!(*level, Level::DEBUG);
                let fields = fields.iter().map(|(name, value)| format!("{name}={value}"));
                fields.collect::<Vec<_>>().join(" ")
            })
            .collect()
    }

    /// Everything that was seen.
    #[must_use]
    pub fn everything(&self) -> String {
        format!("{:?}", self.0.lock().unwrap())
    }
}

struct Into<'a>(&'a mut Fields);

impl Visit for Into<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

impl<S: Subscriber> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let metadata = attributes.metadata();
        let mut fields = Fields::new();
        attributes.record(&mut Into(&mut fields));
        let seen = &mut *self.0.lock().unwrap();
        seen.open.insert(id.into_u64(), seen.spans.len());
        seen.spans.push((metadata.name(), *metadata.level(), fields));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let seen = &mut *self.0.lock().unwrap();
        let place = seen.open[&id.into_u64()];
        values.record(&mut Into(&mut seen.spans[place].2));
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::new();
        event.record(&mut Into(&mut fields));
        self.0.lock().unwrap().events.push(fields);
    }
}
