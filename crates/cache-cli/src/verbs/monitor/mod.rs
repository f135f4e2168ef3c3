//! `monitor`: what the servers and the caches do, while they do it.

mod catalogue;
mod change;
mod exporter;
mod look;
mod report;
mod screen;
mod table;

use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior};

use crate::args;
use crate::context::Context;
use crate::failure::Failure;
pub(crate) use catalogue::metrics;
use look::{Look, Watched};
use report::Report;
use screen::Screen;

/// Servers are not asked more often than this.
const LEAST_BETWEEN_LOOKS: Duration = Duration::from_millis(100);

pub(super) async fn run(context: &Context, monitor: &args::Monitor) -> Result<(), Failure> {
    let watched = Watched::new(context, context.open_store().await?)?;
    let every = monitor.every.0.max(LEAST_BETWEEN_LOOKS);
    if monitor.once {
        let report = Report::new(&watched, None, &watched.look().await?);
        return Screen::new(context.output, false).show(&report);
    }
    let work = async {
        match monitor.listen {
            Some(address) => exporter::run(context, &watched, address, every).await,
            None => watch(context, &watched, every).await,
        }
    };
    tokio::select! {
        ended = work => ended,
        _ = tokio::signal::ctrl_c() => Err(Failure::Interrupted(context.language().monitor_ended())),
    }
}

/// Look after look, until the user interrupts. One that fails is told; the next may succeed.
async fn watch(context: &Context, watched: &Watched, every: Duration) -> Result<(), Failure> {
    let mut screen = Screen::new(context.output, true);
    let mut ticks = ticks(every);
    let mut last: Option<Look> = None;
    loop {
        ticks.tick().await;
        match watched.look().await {
            Ok(look) => {
                screen.show(&Report::new(watched, last.as_ref(), &look))?;
                last = Some(look);
            }
            Err(failure) if last.is_none() => return Err(failure),
            Err(failure) => tell(context, &failure),
        }
    }
}

fn ticks(every: Duration) -> Interval {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

fn tell(context: &Context, failure: &Failure) {
    if let Some(message) = failure.message(context.language()) {
        context.output.error(failure, &message);
    }
}
