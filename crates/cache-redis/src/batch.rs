//! Commands that travel together.

use cache_core::CacheError;
use redis::{Cmd, Pipeline, Value};

use crate::link::{Link, Repeat, Request, Weight};

/// A round trip takes no more than this; what is longer goes in several.
const MAX_BYTES: usize = 64 << 20;
const MAX_KEYS: usize = 100_000;

/// A pipeline is handed to the connection when it is this long: the server works on it while the
/// next one is being packed. Nothing waits for an answer in between.
const VOLLEY_BYTES: usize = 128 << 10;

/// One command over many keys takes no more than this, so that it does not hold up the server's
/// other clients for long (10,000 keys are a few milliseconds).
pub(crate) const MAX_KEYS_PER_COMMAND: usize = 10_000;

/// Pipelines that are sent together whenever a round trip is full, and at the end.
pub(crate) struct Batch<'a> {
    link: &'a Link,
    repeat: Repeat,
    pipelines: Vec<Pipeline>,
    /// Of the last pipeline.
    volley_bytes: usize,
    weight: Weight,
    replies: Vec<Value>,
}

impl<'a> Batch<'a> {
    /// An empty batch.
    pub(crate) fn new(link: &'a Link, repeat: Repeat) -> Self {
        Self {
            link,
            repeat,
            pipelines: Vec::new(),
            volley_bytes: 0,
            weight: Weight::default(),
            replies: Vec::new(),
        }
    }

    /// Adds a command over so many keys; `bytes` is about its length.
    pub(crate) async fn add(
        &mut self,
        command: Cmd,
        keys: usize,
        bytes: usize,
    ) -> Result<(), CacheError> {
        let full = self.weight.keys + keys > MAX_KEYS
            || self.weight.bytes.saturating_add(bytes) > MAX_BYTES;
        if full {
            self.send().await?;
        }
        if self.pipelines.is_empty() || self.volley_bytes >= VOLLEY_BYTES {
            self.pipelines.push(Pipeline::new());
            self.volley_bytes = 0;
        }
        if let Some(pipeline) = self.pipelines.last_mut() {
            pipeline.add_command(command);
        }
        self.volley_bytes = self.volley_bytes.saturating_add(bytes);
        self.weight.keys += keys;
        self.weight.bytes = self.weight.bytes.saturating_add(bytes);
        Ok(())
    }

    /// Sends what is left; one reply per command, in order, the server's errors among them.
    pub(crate) async fn finish(mut self) -> Result<Vec<Value>, CacheError> {
        self.send().await?;
        Ok(self.replies)
    }

    async fn send(&mut self) -> Result<(), CacheError> {
        if self.pipelines.is_empty() {
            return Ok(());
        }
        let request = Request::Pipelines(&self.pipelines);
        let replies = self.link.send(request, self.weight, self.repeat).await?;
        if self.replies.is_empty() {
            self.replies = replies;
        } else {
            self.replies.extend(replies);
        }
        self.pipelines.clear();
        self.weight = Weight::default();
        Ok(())
    }
}
