//! Whether memory grows.

/// A program that has warmed up may still grow by so many bytes …
const FREE_BYTES: f64 = 8.0 * 1_048_576.0;
/// … or by this part of what it takes, whichever is more: allocators are never quite still.
const FREE_PART: f64 = 0.05;

/// By how much a quantity grew, by the straight line that fits it best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Growth {
    /// From the first sample to the last, in bytes; negative when it shrank.
    pub bytes: f64,
    /// The mean of all samples.
    pub mean: f64,
}

impl Growth {
    /// The most that is taken for noise.
    pub fn allowed(&self) -> f64 {
        FREE_BYTES.max(FREE_PART * self.mean)
    }

    /// Whether it is more than noise.
    pub fn is_a_leak(&self) -> bool {
        self.bytes > self.allowed()
    }
}

/// The growth over the second half of samples that were taken at equal intervals: the first half is
/// the warm-up. `None` of fewer than eight samples.
pub fn growth(samples: &[u64]) -> Option<Growth> {
    let settled = &samples[samples.len() / 2..];
    if samples.len() < 8 {
        return None;
    }
    let count = settled.len() as f64;
    let mean = settled.iter().map(|bytes| *bytes as f64).sum::<f64>() / count;
    let middle = (count - 1.0) / 2.0;
    let (mut with_time, mut of_time) = (0.0, 0.0);
    for (index, bytes) in settled.iter().enumerate() {
        let time = index as f64 - middle;
        with_time += time * (*bytes as f64 - mean);
        of_time += time * time;
    }
    Some(Growth { bytes: with_time / of_time * (count - 1.0), mean })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn what_grows_by_a_hundred_kilobytes_a_second_is_a_leak_in_ten_minutes() {
        let samples: Vec<u64> = (0..600).map(|second| 80 * MIB + second * 100_000).collect();
        let growth = growth(&samples).unwrap();
        assert!(growth.is_a_leak(), "{growth:?}");
        assert!((29.0e6..31.0e6).contains(&growth.bytes), "{growth:?}");
    }

    #[test]
    fn noise_and_a_warm_up_are_none() {
        let level = |second: u64| 80 * MIB + (second * 7_919 % 13) * 300_000;
        let samples: Vec<u64> = (0..600).map(level).collect();
        assert!(!growth(&samples).unwrap().is_a_leak());
        let warm_up: Vec<u64> = (0..600).map(|second| second.min(250) * MIB).collect();
        assert!(!growth(&warm_up).unwrap().is_a_leak());
        assert_eq!(growth(&samples[..7]), None);
    }
}
