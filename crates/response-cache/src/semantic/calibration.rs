//! From pairs of questions of which it is known whether they ask the same to a threshold.

use cache_core::vector::Similarity;

use super::{clopper_pearson, interval};

/// Two questions, how similar they are, and whether they ask the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelledPair {
    /// Similarity of their vectors.
    pub similarity: Similarity,
    /// Whether one's answer answers the other.
    pub same: bool,
    /// Whether the [guards](super::Guards) let the pair pass. One that they hold back is never
    /// served, whatever the threshold.
    pub passes: bool,
}

/// What a threshold must achieve.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Goal {
    /// The share of served pairs that must be right, 0 to 1.
    pub precision: f64,
    /// How sure that must be, 0 to 1: the lower bound of the two-sided interval counts, not what was
    /// observed. 0 takes the observed precision at its word.
    pub confidence: f64,
    /// Thresholds below this one are not taken, however good they look: pairs so unlike are few among
    /// those that somebody labels, and many in an index.
    pub floor: Similarity,
}

impl Goal {
    /// This precision, with a confidence of 95 % and no floor.
    #[must_use]
    pub fn precision(precision: f64) -> Self {
        Self { precision, confidence: 0.95, floor: Similarity::rounded(-1.0) }
    }

    /// Sets the confidence, two-sided.
    #[must_use]
    pub fn with_confidence(mut self, confidence: f64) -> Self {
        self.confidence = confidence;
        self
    }

    /// Sets the confidence, one-sided: how sure it must be that the precision is not lower. It does
    /// no harm if it is higher, so that this is what counts; 80 % take less than half of the pairs
    /// that 95 %, two-sided, take. 50 % and less take the observed precision at its word.
    #[must_use]
    pub fn with_one_sided(self, confidence: f64) -> Self {
        self.with_confidence((2.0 * confidence - 1.0).max(0.0))
    }

    /// Sets the floor.
    #[must_use]
    pub fn with_floor(mut self, floor: Similarity) -> Self {
        self.floor = floor;
        self
    }

    /// The probability that the precision is lower all the same.
    fn tail(self) -> f64 {
        (1.0 - self.confidence.clamp(0.0, 1.0)) / 2.0
    }

    fn is_achieved(self, point: &Point) -> bool {
        if self.confidence <= 0.0 {
            return point.right > 0 && point.precision >= self.precision;
        }
        interval::is_at_least(self.precision, point.right, point.right + point.wrong, self.tail())
    }
}

/// What a threshold does to the pairs.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Point {
    /// Pairs at least this similar are served.
    pub threshold: Similarity,
    /// Served and the same.
    pub right: u64,
    /// Served and different.
    pub wrong: u64,
    /// All that are the same, served or not.
    pub same: u64,
    /// Of the served, those that are the same: 1 where none is served.
    pub precision: f64,
    /// Of those that are the same, the served: 0 where there are none.
    pub recall: f64,
}

/// Precision and recall by threshold.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Calibration {
    /// One for each similarity among the pairs that pass the guards, the greatest first.
    pub points: Vec<Point>,
    /// The threshold to take: see [`calibrate`].
    pub chosen: Result<Point, NotEnough>,
}

/// No threshold achieves the goal on these pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotEnough {
    /// Even without a mistake there would be too few pairs to be as sure as wanted.
    #[error("{same} pairs that ask the same are too few to be that sure; {needed} are needed")]
    Pairs {
        /// Pairs that are the same and pass the guards.
        same: u64,
        /// How many it takes without a single mistake.
        needed: u64,
    },
    /// The similarities of right and wrong pairs lie too close together.
    #[error("no threshold keeps enough wrong pairs out")]
    Precision,
}

/// What each threshold does to labelled pairs, and the lowest one that achieves the goal. All
/// similarities that come with the pairs are tried. Takes n log n.
///
/// With a confidence, thresholds are tried from the greatest one down: from the first that achieves
/// the goal to the last before one that does not. A lower one that achieves it again does so after
/// many tries, which is what chance looks like: to take it would make the confidence less than it
/// says. Without a confidence it is the lowest of all.
///
/// A threshold that was chosen on some pairs looks better on them than it is: measure it on others,
/// with [`Calibration::at`] of a calibration of those.
#[must_use]
pub fn calibrate(pairs: impl IntoIterator<Item = LabelledPair>, goal: Goal) -> Calibration {
    let pairs: Vec<_> = pairs.into_iter().collect();
    let same = count(pairs.iter().filter(|pair| pair.same));
    let mut served: Vec<_> = pairs.into_iter().filter(|pair| pair.passes).collect();
    served.sort_by_key(|pair| std::cmp::Reverse(pair.similarity));
    let (mut points, mut right, mut wrong) = (Vec::new(), 0, 0);
    for (at, pair) in served.iter().enumerate() {
        if pair.same {
            right += 1;
        } else {
            wrong += 1;
        }
        if served.get(at + 1).is_none_or(|next| next.similarity != pair.similarity) {
            points.push(Point::new(pair.similarity, right, wrong, same));
        }
    }
    let chosen = choose(&points, goal).ok_or_else(|| {
        let needed = needed(goal);
        if right < needed { NotEnough::Pairs { same: right, needed } } else { NotEnough::Precision }
    });
    Calibration { points, chosen }
}

fn choose(points: &[Point], goal: Goal) -> Option<Point> {
    let mut allowed = points.iter().take_while(|point| point.threshold >= goal.floor);
    let achieves = |point: &&Point| goal.is_achieved(point);
    if goal.confidence <= 0.0 {
        return allowed.filter(achieves).last().copied();
    }
    let first = allowed.find(achieves)?;
    Some(*allowed.take_while(achieves).last().unwrap_or(first))
}

impl Calibration {
    /// What this threshold does to the pairs; `None` when none of them is served.
    #[must_use]
    pub fn at(&self, threshold: Similarity) -> Option<&Point> {
        self.points.iter().rev().find(|point| point.threshold >= threshold)
    }
}

impl Point {
    fn new(threshold: Similarity, right: u64, wrong: u64, same: u64) -> Self {
        let precision = ratio(right, right + wrong);
        let recall = if same == 0 { 0.0 } else { ratio(right, same) };
        Self { threshold, right, wrong, same, precision, recall }
    }

    /// The interval of the precision, by [Clopper and Pearson](clopper_pearson), two-sided.
    #[must_use]
    pub fn precision_interval(&self, confidence: f64) -> (f64, f64) {
        clopper_pearson(self.right, self.right + self.wrong, confidence)
    }

    /// The interval of the recall, likewise.
    #[must_use]
    pub fn recall_interval(&self, confidence: f64) -> (f64, f64) {
        clopper_pearson(self.right, self.same, confidence)
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u64 {
    items.count() as u64
}

#[expect(clippy::cast_precision_loss, reason = "counts of pairs are far below 2^52")]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// How many right pairs without a wrong one make as sure as wanted: of n, the lower bound is the nth
/// root of the tail.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and small")]
fn needed(goal: Goal) -> u64 {
    if goal.confidence <= 0.0 || goal.precision <= 0.0 {
        return 1;
    }
    (goal.tail().ln() / goal.precision.min(1.0 - 1e-12).ln()).ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(similarity: f32, same: bool) -> LabelledPair {
        LabelledPair { similarity: Similarity::rounded(similarity), same, passes: true }
    }

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn the_lowest_threshold_that_is_sure_enough() {
        let good = (0..400).map(|i| pair(0.9 + 0.1 * i as f32 / 400.0, true));
        let bad = (0..400).map(|i| pair(0.9 * i as f32 / 400.0, false));
        let all: Vec<_> = good.chain(bad).chain([pair(0.4, true)]).collect();
        let found = calibrate(all.iter().copied(), Goal::precision(0.99));
        let chosen = found.chosen.unwrap();
        assert!((chosen.threshold.get() - 0.9).abs() < 0.005, "{chosen:?}");
        assert!(chosen.precision_interval(0.95).0 >= 0.99 && chosen.recall > 0.99);
        assert_eq!(found.at(chosen.threshold), Some(&chosen));
        assert!(found.at(Similarity::SAME).is_none_or(|point| point.right <= 1));
    }

    #[test]
    fn too_few_pairs_are_told_from_bad_ones() {
        let few = (0..100).map(|_| pair(0.9, true));
        let found = calibrate(few, Goal::precision(0.99));
        assert_eq!(found.chosen, Err(NotEnough::Pairs { same: 100, needed: 368 }));
        let few = (0..100).map(|_| pair(0.9, true));
        assert!(calibrate(few, Goal::precision(0.99).with_confidence(0.0)).chosen.is_ok());
        let mixed = (0..1_000).map(|i| pair(0.9, i % 2 == 0));
        assert_eq!(calibrate(mixed, Goal::precision(0.99)).chosen, Err(NotEnough::Precision));
        assert!(calibrate([], Goal::precision(0.9)).points.is_empty());
    }

    #[test]
    fn what_guards_hold_back_is_not_served() {
        let held = LabelledPair { passes: false, ..pair(0.99, false) };
        let found = calibrate([held, pair(0.9, true)], Goal::precision(0.5).with_confidence(0.0));
        let chosen = found.chosen.unwrap();
        assert_eq!((chosen.right, chosen.wrong), (1, 0));
    }

    #[test]
    fn one_side_takes_fewer_pairs() {
        let goal = Goal::precision(0.99).with_one_sided(0.8);
        let few = (0..159).map(|_| pair(0.9, true));
        let found = calibrate(few, goal);
        assert_eq!(found.chosen, Err(NotEnough::Pairs { same: 159, needed: 161 }));
        assert!(calibrate((0..161).map(|_| pair(0.9, true)), goal).chosen.is_ok());
        assert!((Goal::precision(0.9).with_one_sided(0.3).confidence).abs() < 1e-12);
    }

    #[test]
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn a_run_of_luck_after_a_failure_is_not_taken() {
        let sure = (0..200).map(|i| pair(0.99 - 0.000_1 * i as f32, true));
        let broken = (0..3).map(|_| pair(0.9, false));
        let lucky = (0..2_000).map(|i| pair(0.8 - 0.000_1 * i as f32, true));
        let all: Vec<_> = sure.chain(broken).chain(lucky).collect();
        let goal = Goal::precision(0.99).with_one_sided(0.8);
        let chosen = calibrate(all.iter().copied(), goal).chosen.unwrap();
        assert_eq!((chosen.right, chosen.wrong), (200, 0));
        let observed = calibrate(all, goal.with_confidence(0.0)).chosen.unwrap();
        assert_eq!((observed.right, observed.wrong), (2_200, 3));
    }

    #[test]
    fn nothing_below_the_floor_is_taken() {
        let goal = Goal::precision(0.9).with_confidence(0.0);
        let pairs = [pair(0.9, true), pair(0.3, true)];
        let with = |floor: f32| calibrate(pairs, goal.with_floor(Similarity::rounded(floor)));
        assert_eq!(with(0.3).chosen.unwrap().right, 2);
        assert_eq!(with(0.5).chosen.unwrap().right, 1);
        assert_eq!(with(0.95).chosen, Err(NotEnough::Precision));
    }
}
