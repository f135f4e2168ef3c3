//! What was aimed at, and whether it was reached.

use std::fmt::Write;

use crate::contestant::{Times, Work};

const OURS: &str = "**ours, Redis**";

struct Goals<'t> {
    ours: &'t Times,
    text: String,
}

/// A line for each goal whose contestants are there.
pub(crate) fn all(times: &[Times]) -> String {
    let find = |name: &str| times.iter().find(|times| times.name.starts_with(name));
    let ours = find(OURS).expect("ours is always there");
    let mut goals = Goals { ours, text: String::new() };
    if let Some(raw) = find("raw") {
        goals.at_most("one hit, against the raw crate", Work::Single, raw, 1.05);
        goals.faster("1000 hits in a batch, than the raw crate", Work::Batch, raw, 1.3);
        goals.smaller("bytes a vector, of the raw crate's", raw, 0.46);
    }
    if let Some(cached) = find("cached") {
        goals.faster("one hit, than cached", Work::Single, cached, 1.4);
    }
    for (name, times) in [("RedisVL", 30.0), ("LangChain", 30.0), ("LiteLLM", 100.0)] {
        if let Some(rival) = find(name) {
            goals.faster(&format!("1000 hits in a batch, than {name}"), Work::Batch, rival, times);
        }
    }
    if let Some(rival) = find("RedisVL") {
        goals.smaller("bytes a vector, of RedisVL's", rival, 0.09);
    }
    let calls = ours.count(Work::Stampede);
    goals.line("calls of the provider for 64 that ask at once", calls as f64, "1", calls == 1);
    goals.text
}

impl Goals<'_> {
    fn at_most(&mut self, what: &str, work: Work, other: &Times, most: f64) {
        let ratio = self.ours.seconds(work) / other.seconds(work);
        self.line(what, ratio, &format!("at most {most}"), ratio <= most);
    }

    fn faster(&mut self, what: &str, work: Work, other: &Times, least: f64) {
        let ratio = other.seconds(work) / self.ours.seconds(work);
        self.line(what, ratio, &format!("at least {least} times as fast"), ratio >= least);
    }

    fn smaller(&mut self, what: &str, other: &Times, most: f64) {
        let (Some(ours), Some(other)) = (self.ours.bytes, other.bytes) else { return };
        let ratio = ours as f64 / other as f64;
        self.line(what, ratio, &format!("at most {most}"), ratio <= most);
    }

    fn line(&mut self, what: &str, value: f64, goal: &str, reached: bool) {
        let verdict = if reached { "reached" } else { "missed" };
        writeln!(self.text, "* {what}: {value:.2} ({goal}: {verdict})").expect("a text takes it");
    }
}
