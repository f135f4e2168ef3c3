//! The module's own index: made, looked at and removed.
//!
//! Its name holds a hash of the schema, so that an index of this name is always laid out as expected,
//! whoever made it and whatever was there before.

use std::time::{Duration, Instant};

use cache_core::vector::{AttributeKind, IndexSchema};
use cache_core::{CacheError, ErrorKind};
use redis::{Cmd, ServerError, Value, cmd};

use super::super::names::Place;
use super::super::{refused, terms};
use super::form::Form;
use crate::link::{Access, Link, Repeat, Weight};

const PAUSE: Duration = Duration::from_millis(5);

/// An index of the module over the entries at a place.
pub(super) struct Definition<'a> {
    pub(super) link: &'a Link,
    pub(super) place: &'a Place,
    pub(super) schema: &'a IndexSchema,
    pub(super) name: Vec<u8>,
    pub(super) form: Form,
}

/// What the module calls an index whose schema has this text.
pub(super) fn name(place: &Place, text: &str) -> Vec<u8> {
    place.key(&format!("index:{}", &terms::term(text)[..16]))
}

/// Whether the module does not know the index.
pub(super) fn is_missing(error: &ServerError) -> bool {
    let text = words(error);
    ["no such index", "unknown index", "index_not_found", "index not found"]
        .iter()
        .any(|words| text.contains(words))
}

fn words(error: &ServerError) -> String {
    format!("{} {}", error.code(), error.details().unwrap_or_default()).to_ascii_lowercase()
}

impl Definition<'_> {
    /// Makes it where it is missing. Entries that are there are taken in by and by.
    pub(super) async fn make(&self) -> Result<(), CacheError> {
        match self.send(&self.create()).await? {
            Value::ServerError(error) => {
                let text = words(&error);
                if text.contains("already exists") || text.contains("index_exists") {
                    return Ok(());
                }
                if text.contains("db != 0") {
                    let message = "a search module serves database 0 only: end the URL with /0";
                    return Err(CacheError::new(ErrorKind::InvalidInput, message));
                }
                Err(refused(self.link, &error))
            }
            _ => Ok(()),
        }
    }

    /// Makes it, and waits until it has taken in the entries that are there.
    pub(super) async fn make_anew(&self) -> Result<(), CacheError> {
        self.make().await?;
        let limit = self.link.limit(Weight { keys: 10_000, bytes: 0 });
        let started = Instant::now();
        while self.figures().await?.is_some_and(|figures| figures.is_filling) {
            if started.elapsed() > limit {
                let message =
                    format!("{} is indexing its vectors anew: wait", self.link.location());
                return Err(CacheError::new(ErrorKind::Unavailable, message));
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Removes it with its entries; whether it was there.
    pub(super) async fn remove(&self) -> Result<bool, CacheError> {
        let mut command = cmd("FT.DROPINDEX");
        command.arg(&self.name).arg("DD");
        match self.send(&command).await? {
            Value::ServerError(error) if is_missing(&error) => Ok(false),
            Value::ServerError(error) => Err(refused(self.link, &error)),
            _ => Ok(true),
        }
    }

    /// What the module tells of it; nothing if it is missing.
    pub(super) async fn figures(&self) -> Result<Option<Figures>, CacheError> {
        let mut command = cmd("FT.INFO");
        command.arg(&self.name);
        match self.send(&command).await? {
            Value::ServerError(error) if is_missing(&error) => Ok(None),
            Value::Array(parts) => Ok(Some(Figures::read(&parts))),
            other => Err(crate::reply::unusable(self.link, other, "FT.INFO")),
        }
    }

    async fn send(&self, command: &Cmd) -> Result<Value, CacheError> {
        let weight = Weight { keys: 1, bytes: 0 };
        self.link.one(&self.name, command, weight, Access::Write, Repeat::Once).await
    }

    fn create(&self) -> Cmd {
        let mut command = cmd("FT.CREATE");
        command.arg(&self.name).arg(&["ON", "HASH", "PREFIX", "1"]).arg(self.place.key("e:"));
        command.arg(&["STOPWORDS", "0", "SCHEMA", "e", "NUMERIC", "v", "VECTOR"]);
        let graph = self.form.graph(self.schema);
        let dimensions = self.schema.dimensions;
        command.arg(if graph.is_some() { &["HNSW", "12"] } else { &["FLAT", "6"] });
        command.arg("TYPE").arg(self.form.numbers());
        command.arg(&["DISTANCE_METRIC", "COSINE", "DIM"]).arg(dimensions);
        if let Some(graph) = graph {
            command.arg("M").arg(graph.links);
            command.arg("EF_CONSTRUCTION").arg(graph.build_effort);
            command.arg("EF_RUNTIME").arg(graph.search_effort);
        }
        for (index, kind) in self.schema.attributes.values().enumerate() {
            let field = format!("a{index}");
            match kind {
                AttributeKind::Tags | AttributeKind::Text => {
                    command.arg(field).arg(&["TAG", "SEPARATOR", ","]);
                }
                AttributeKind::Number => {
                    command.arg(field).arg("NUMERIC");
                }
                _ => {}
            }
        }
        command
    }
}

/// What the module tells of an index.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Figures {
    pub(super) entries: u64,
    pub(super) bytes: u64,
    /// It is still taking in what was there before it.
    pub(super) is_filling: bool,
}

impl Figures {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "what is told is not negative, and less than 2^64"
    )]
    fn read(parts: &[Value]) -> Self {
        let mut figures = Self::default();
        let mut megabytes = 0.0;
        for pair in parts.chunks_exact(2) {
            let (Some(name), Some(number)) = (text(&pair[0]), number(&pair[1])) else { continue };
            match name {
                "num_docs" => figures.entries = number as u64,
                "indexing" => figures.is_filling = number > 0.0,
                name if name.ends_with("_sz_mb") && !name.starts_with("total") => {
                    megabytes += number;
                }
                _ => {}
            }
        }
        figures.bytes = (megabytes * f64::from(1 << 20)) as u64;
        figures
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(text) => std::str::from_utf8(text).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}

fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Int(number) => Some(*number as f64),
        value => text(value)?.parse().ok(),
    };
    number.filter(|number: &f64| number.is_finite() && *number >= 0.0)
}
