//! Times of any number of calls in little memory.
#![allow(clippy::cast_possible_truncation, reason = "places are few, and times below centuries")]

use std::time::Duration;

/// Each power of two of nanoseconds is cut into so many parts, so that a time is told to 3 %.
const PARTS: u64 = 32;

/// Times of calls, counted by size: it takes the same memory whatever it has seen.
#[derive(Debug, Clone)]
pub struct Latencies {
    counts: Vec<u64>,
    all: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self { counts: vec![0; 64 * PARTS as usize], all: 0 }
    }
}

impl Latencies {
    /// One more.
    pub fn add(&mut self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.counts[place(nanos)] += 1;
        self.all += 1;
    }

    /// Takes in what another has counted, and empties it.
    pub fn take(&mut self, other: &mut Self) {
        for (count, more) in self.counts.iter_mut().zip(&mut other.counts) {
            *count += std::mem::take(more);
        }
        self.all += std::mem::take(&mut other.all);
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.all
    }

    /// The time within which this part of them ended.
    pub fn at(&self, part: f64) -> Duration {
        let wanted = (self.all as f64 * part).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (place, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                return Duration::from_nanos(upper(place));
            }
        }
        Duration::ZERO
    }
}

fn place(nanos: u64) -> usize {
    if nanos < PARTS {
        return nanos as usize;
    }
    let power = u64::from(nanos.ilog2());
    let part = (nanos >> (power - 5)) & (PARTS - 1);
    ((power - 4) * PARTS + part) as usize
}

/// The longest time of a place.
fn upper(place: usize) -> u64 {
    let place = place as u64;
    if place < PARTS {
        return place;
    }
    let (power, part) = (place / PARTS + 4, place % PARTS);
    ((PARTS + part + 1) << (power - 5)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_to_three_percent() {
        for nanos in [0, 1, 31, 32, 33, 1_000, 123_456, 20_000_000, 3_000_000_000] {
            let told = upper(place(nanos));
            assert!(told >= nanos && told - nanos <= nanos / 32 + 1, "{nanos} is told as {told}");
        }
    }

    #[test]
    fn quantiles_are_of_all_that_was_taken_in() {
        let (mut all, mut more) = (Latencies::default(), Latencies::default());
        (1..=99).for_each(|millis| all.add(Duration::from_millis(millis)));
        more.add(Duration::from_secs(1));
        all.take(&mut more);
        assert_eq!((all.count(), more.count()), (100, 0));
        let within = |part: f64, millis: u128| {
            let told = all.at(part).as_millis();
            assert!((millis..=millis + millis / 30 + 1).contains(&told), "{part}: {told} ms");
        };
        within(0.5, 50);
        within(0.99, 99);
        within(1.0, 1_000);
    }
}
