//! Telling how it goes: a bar on a terminal, lines elsewhere, objects for programs.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::options::Options;
use crate::sample::Sample;
use crate::verdict::Verdict;

pub enum Report {
    Json,
    Lines,
    Bar(ProgressBar),
}

impl Report {
    pub fn new(options: &Options) -> Self {
        if options.json {
            return Self::Json;
        }
        if !std::io::stderr().is_terminal() {
            return Self::Lines;
        }
        let style = ProgressStyle::with_template("{bar:30} {elapsed}/{msg}").unwrap();
        let bar = ProgressBar::new(options.time().as_secs()).with_style(style);
        Self::Bar(bar)
    }

    pub fn second(&self, sample: &Sample) {
        match self {
            Self::Json => object(sample),
            Self::Lines => println!("{:>5} s  {}", sample.second, line(sample)),
            Self::Bar(bar) => {
                bar.set_position(sample.second);
                bar.set_message(line(sample));
            }
        }
    }

    pub fn end(&self, verdict: &Verdict) {
        match self {
            Self::Json => return object(verdict),
            Self::Lines => {}
            Self::Bar(bar) => bar.finish_and_clear(),
        }
        table(verdict);
        for fault in &verdict.faults {
            println!("FAILED: {fault}");
        }
        if verdict.faults.is_empty() {
            println!("ok: every answer was right, and everything adds up");
        }
    }
}

fn object(what: &impl Serialize) {
    println!("{}", serde_json::to_string(what).unwrap());
}

fn line(sample: &Sample) -> String {
    format!(
        "{:>6.0} calls/s  half {}  99 % {}  rss {}  redis {}  evicted {}  hits {:.1} %",
        sample.calls_per_second,
        time(sample.p50_micros),
        time(sample.p99_micros),
        sample.rss_bytes.map_or("?".to_owned(), mib),
        mib(sample.redis_bytes),
        sample.evicted_keys,
        sample.hit_ratio * 100.0,
    )
}

fn table(verdict: &Verdict) {
    println!("| calls | number | half | 99 % |\n|---|---:|---:|---:|");
    for kind in &verdict.kinds {
        let (half, most) = (time(kind.p50_micros), time(kind.p99_micros));
        println!("| {} | {} | {half} | {most} |", kind.kind, kind.calls);
    }
    println!(
        "{} calls in {:.0} s; texts {} ({:.1} % hits), chats {} ({:.1} % hits); {} provider calls",
        verdict.calls,
        verdict.seconds,
        verdict.text_lookups,
        verdict.text_hit_ratio * 100.0,
        verdict.chat_lookups,
        verdict.chat_hit_ratio * 100.0,
        verdict.provider_calls,
    );
    println!(
        "{} keys and {} conversations evicted; {} operations on the store failed unnoticed",
        verdict.evicted_keys, verdict.evicted_sessions, verdict.store_failures,
    );
    if let (Some(rss), Some(grown)) = (verdict.rss_bytes, verdict.rss_growth_bytes) {
        println!("memory: {}, in the second half {:+.1} MiB", mib(rss), grown / f64::from(1 << 20));
    }
}

fn time(micros: u64) -> String {
    format!("{:.2} ms", Duration::from_micros(micros).as_secs_f64() * 1e3)
}

fn mib(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}
