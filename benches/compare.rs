//! Two contestants in turns, so that whatever else the machine does hits both alike.

use std::time::{Duration, Instant};

/// Medians of two contestants.
#[derive(Debug, Clone, Copy)]
pub struct Medians {
    /// The yardstick.
    pub raw: Duration,
    /// This project.
    pub ours: Duration,
}

impl Medians {
    /// Ours over raw: below 1 is faster.
    pub fn ratio(self) -> f64 {
        self.ours.as_secs_f64() / self.raw.as_secs_f64()
    }
}

/// Runs both in turns and gives the medians. The first tenth is warm-up and does not count.
pub async fn in_turns<R: AsyncFnMut(), O: AsyncFnMut()>(
    rounds: usize,
    mut raw: R,
    mut ours: O,
) -> Medians {
    let (mut raws, mut our) = (Vec::with_capacity(rounds), Vec::with_capacity(rounds));
    for round in 0..rounds + rounds / 10 {
        let start = Instant::now();
        // Who goes first changes, since the second finds warmer caches.
        let (a, b) = if round % 2 == 0 {
            raw().await;
            let middle = Instant::now();
            ours().await;
            (middle - start, middle.elapsed())
        } else {
            ours().await;
            let middle = Instant::now();
            raw().await;
            (middle.elapsed(), middle - start)
        };
        if round >= rounds / 10 {
            raws.push(a);
            our.push(b);
        }
    }
    Medians { raw: median(&mut raws), ours: median(&mut our) }
}

/// The middle one. Sorts them.
pub fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// One line of the table.
pub fn report(what: &str, medians: Medians, target: &str) {
    println!(
        "{what:<44} {:>10.1} µs {:>10.1} µs {:>8.2}   {target}",
        medians.raw.as_secs_f64() * 1e6,
        medians.ours.as_secs_f64() * 1e6,
        medians.ratio(),
    );
}
