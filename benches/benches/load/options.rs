//! What may be asked for.

use std::time::Duration;

use clap::Parser;

/// Mixed traffic on a full Redis, every answer verified.
#[derive(Debug, Parser)]
#[command(name = "load")]
pub struct Options {
    /// How long, in minutes
    #[arg(long, conflicts_with = "seconds")]
    minutes: Option<u64>,
    /// How long, in seconds (30)
    #[arg(long)]
    seconds: Option<u64>,
    /// Who ask at the same time
    #[arg(long, default_value_t = 32)]
    pub callers: u64,
    /// Different texts, and as many chats, that are asked for
    #[arg(long, default_value_t = 60_000)]
    pub texts: u32,
    /// One JSON object a second, and one at the end
    #[arg(long)]
    pub json: bool,
    /// A moment only: what `cargo bench -- --test` asks of every bench
    #[arg(long, hide = true)]
    test: bool,
    /// What cargo says to every bench
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    pub fn time(&self) -> Duration {
        let asked = self.minutes.map(|minutes| minutes * 60).or(self.seconds);
        Duration::from_secs(asked.unwrap_or(if self.test { 3 } else { 30 }))
    }
}
