//! The table of `docs/reliability.md`, shorter: whatever happens to the store, callers get right
//! answers, in time, and hits come back.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::Duration;

use cache_guard::{GuardOptions, WriteBehind};
use fault_scenarios::{Pace, Row, run, scenarios, table};

/// What a loaded machine may add, beyond what it adds to calls without a cache.
const SLACK: Duration = Duration::from_millis(50);

async fn run_all(options: GuardOptions) {
    let mut rows = Vec::new();
    for scenario in scenarios() {
        rows.push(run(&scenario, Pace::SHORT, options.clone()).await);
    }
    println!("{}", table(&rows));
    rows.iter().for_each(check);
}

fn check(row: &Row) {
    let name = row.name;
    assert!(row.calls > 1_000, "{name}: {} calls", row.calls);
    assert_eq!((row.wrong, row.failed), (0, 0), "{name}");
    let (opened, closed) = row.breakers;
    assert!(opened >= u64::from(row.outage) && closed == opened, "{name}: {opened}, {closed}");
    assert!(row.closed, "{name}: a breaker stays open");
    let recovery = row.recovery.unwrap_or(Duration::MAX);
    assert!(recovery <= Duration::from_secs(2), "{name}: hits after {recovery:?}");
    let (added, noise) = (row.added, row.noise);
    assert!(added.p99 <= row.budget + noise.p99 + SLACK, "{name}: {added:?}, machine {noise:?}");
    assert!(added.max <= row.budget + noise.max + SLACK, "{name}: {added:?}, machine {noise:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_get_right_answers_in_time() {
    run_all(GuardOptions::new()).await;
    run_all(GuardOptions::new().with_write_behind(WriteBehind::new())).await;
}
