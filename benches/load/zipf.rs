//! Keys as users ask for them: a few all the time, most hardly ever.

/// Ranks from 0, the first the most frequent: rank `r` comes with a weight of 1 / (r + 1).
#[derive(Debug)]
pub struct Zipf {
    /// Of all ranks up to this one, in parts of one.
    cumulated: Vec<f64>,
}

impl Zipf {
    /// Of so many ranks.
    pub fn new(ranks: u32) -> Self {
        let mut sum = 0.0;
        let mut cumulated: Vec<f64> = (1..=ranks)
            .map(|rank| {
                sum += 1.0 / f64::from(rank);
                sum
            })
            .collect();
        cumulated.iter_mut().for_each(|part| *part /= sum);
        Self { cumulated }
    }

    /// The next rank.
    pub fn draw(&self, random: &mut Random) -> usize {
        let wanted = random.part();
        self.cumulated.partition_point(|part| *part < wanted).min(self.cumulated.len() - 1)
    }
}

/// Numbers that look random, and are the same for the same seed.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A part of one.
    pub fn part(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A number below this one.
    pub fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.number() % u64::from(bound)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rank_comes_twice_as_often_as_the_second() {
        let (zipf, mut random) = (Zipf::new(1_000), Random::new(7));
        let mut counts = vec![0_u32; 1_000];
        (0..100_000).for_each(|_| counts[zipf.draw(&mut random)] += 1);
        let ratio = f64::from(counts[0]) / f64::from(counts[1]);
        assert!((1.8..2.2).contains(&ratio), "{ratio}");
        assert!(counts[900..].iter().sum::<u32>() > 0, "rare ones come, too");
    }
}
