//! What has changed from one look to the next.

use std::collections::HashMap;
use std::time::Duration;

use caching_with_redis::redis::{CommandFigures, ServerFigures, ServerReport};

/// A node now, and as it was at the last look, if there was one and it has been running since.
#[derive(Clone, Copy)]
pub(super) struct Change<'a> {
    pub(super) now: &'a ServerFigures,
    before: Option<&'a ServerFigures>,
    seconds: Option<f64>,
}

impl<'a> Change<'a> {
    pub(super) fn new(
        now: &'a ServerFigures,
        before: Option<&'a ServerFigures>,
        between: Option<Duration>,
    ) -> Self {
        // One that was restarted counts from zero.
        let before = before.filter(|before| before.uptime <= now.uptime);
        Self { now, before, seconds: between.map(|it| it.as_secs_f64()).filter(|it| *it > 0.0) }
    }

    /// How much a count has grown since the last look, or else since the server's start.
    pub(super) fn growth(&self, count: impl Fn(&ServerFigures) -> u64) -> u64 {
        count(self.now).saturating_sub(self.before.map_or(0, count))
    }

    /// How fast a count grows, each second; nothing at the first look.
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    pub(super) fn rate(&self, count: impl Fn(&ServerFigures) -> u64) -> Option<f64> {
        self.before?;
        Some(self.growth(count) as f64 / self.seconds?)
    }

    /// Keys that were there of all that were looked up; nothing if none was.
    pub(super) fn hit_ratio(&self) -> Option<f64> {
        let hits = self.growth(|figures| figures.keyspace_hits);
        ratio(hits, hits + self.growth(|figures| figures.keyspace_misses))
    }

    /// Commands by how much they were called since the last look, or else since the start.
    fn commands(&self) -> impl Iterator<Item = CommandFigures> {
        let before = self.before.map_or(&[][..], |figures| &figures.commands);
        let before: HashMap<_, _> =
            before.iter().map(|command| (command.name.as_str(), command)).collect();
        self.now.commands.iter().map(move |command| {
            let mut grown = command.clone();
            if let Some(before) = before.get(command.name.as_str()) {
                grown.calls = grown.calls.saturating_sub(before.calls);
                grown.time = grown.time.saturating_sub(before.time);
                grown.failed_calls = grown.failed_calls.saturating_sub(before.failed_calls);
                grown.rejected_calls = grown.rejected_calls.saturating_sub(before.rejected_calls);
            }
            grown
        })
    }
}

/// A part of a whole; nothing of nothing.
#[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
pub(super) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The figures of the node of this name.
pub(super) fn named<'a>(nodes: &'a [ServerReport], name: &str) -> Option<&'a ServerFigures> {
    nodes.iter().find(|node| node.name == name)?.figures.as_ref().ok()
}

/// Commands of all nodes that were called, those that took the most time first.
pub(super) fn commands<'a>(changes: impl Iterator<Item = Change<'a>>) -> Vec<CommandFigures> {
    let mut all: HashMap<String, CommandFigures> = HashMap::new();
    for command in changes.flat_map(|change| change.commands().collect::<Vec<_>>()) {
        match all.get_mut(&command.name) {
            Some(sum) => {
                sum.calls += command.calls;
                sum.time += command.time;
                sum.failed_calls += command.failed_calls;
                sum.rejected_calls += command.rejected_calls;
            }
            None => drop(all.insert(command.name.clone(), command)),
        }
    }
    let called = |command: &CommandFigures| {
        command.calls + command.failed_calls + command.rejected_calls > 0
    };
    let mut commands: Vec<_> = all.into_values().filter(called).collect();
    commands.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| a.name.cmp(&b.name)));
    commands
}
