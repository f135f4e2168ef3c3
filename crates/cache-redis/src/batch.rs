//! Commands that travel together.

use cache_core::CacheError;
use redis::{Cmd, Pipeline, Value};

use crate::link::{Link, Repeat, Request, Weight};

/// A round trip takes no more than this; what is longer goes in several.
pub(crate) const MAX_BYTES: usize = 64 << 20;
pub(crate) const MAX_KEYS: usize = 100_000;

/// One command over many keys takes no more than this, so that it does not hold up the server's
/// other clients for long (10,000 keys are a few milliseconds).
pub(crate) const MAX_KEYS_PER_COMMAND: usize = 10_000;

/// A pipeline that is sent whenever it is full, and at the end.
pub(crate) struct Batch<'a> {
    link: &'a Link,
    repeat: Repeat,
    pipeline: Pipeline,
    weight: Weight,
    replies: Vec<Value>,
}

impl<'a> Batch<'a> {
    /// An empty batch for about so many commands.
    pub(crate) fn new(link: &'a Link, repeat: Repeat, commands: usize) -> Self {
        let pipeline = Pipeline::with_capacity(commands.min(MAX_KEYS));
        Self { link, repeat, pipeline, weight: Weight::default(), replies: Vec::new() }
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
        if full && !self.pipeline.is_empty() {
            self.send().await?;
        }
        self.pipeline.add_command(command);
        self.weight.keys += keys;
        self.weight.bytes = self.weight.bytes.saturating_add(bytes);
        Ok(())
    }

    /// Sends what is left; one reply per command, in order, the server's errors among them.
    pub(crate) async fn finish(mut self) -> Result<Vec<Value>, CacheError> {
        if !self.pipeline.is_empty() {
            self.send().await?;
        }
        Ok(self.replies)
    }

    async fn send(&mut self) -> Result<(), CacheError> {
        let request = Request::Pipeline(&self.pipeline);
        let replies = self.link.send(request, self.weight, self.repeat).await?;
        if self.replies.is_empty() {
            self.replies = replies;
        } else {
            self.replies.extend(replies);
        }
        self.pipeline.clear();
        self.weight = Weight::default();
        Ok(())
    }
}
