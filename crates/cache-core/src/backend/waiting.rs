//! How somebody waits for another's lease.

use std::time::Duration;

use super::Wakeup;

/// The first pause where the store cannot tell; each is longer than the one before, up to
/// [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// How long the store's word is waited for. What it fails to tell is found out after this time.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Between two questions, however often the store tells of changes that bring nothing, and however
/// soon leases end.
const SHORTEST_PAUSE: Duration = Duration::from_millis(2);

/// The pace at which somebody who waits for others' leases asks for them again: when
/// [`Leases::changed`](crate::Leases::changed) wakes him, when a lease ends, and in any case from
/// time to time. It holds no clock; its caller sleeps.
///
/// ```
/// # use std::time::Duration;
/// # use cache_core::{CacheKey, Leases, WaitPace};
/// # async fn wait(leases: &dyn Leases, keys: &[CacheKey], left: Duration) {
/// let mut pace = WaitPace::default();
/// // … asked for the leases, which others hold for `left` or longer. Then, until they are had:
/// let told = tokio::time::timeout(pace.at_most(left), leases.changed(keys)).await.ok();
/// tokio::time::sleep(pace.pause(told)).await;
/// # }
/// ```
#[derive(Debug)]
pub struct WaitPace {
    next_pause: Duration,
    told_before: bool,
}

impl Default for WaitPace {
    fn default() -> Self {
        Self { next_pause: FIRST_PAUSE, told_before: false }
    }
}

impl WaitPace {
    /// How long to wait for the store's word when the first of the leases ends after `left`.
    #[must_use]
    pub fn at_most(&self, left: Duration) -> Duration {
        left.saturating_add(Duration::from_millis(1)).min(LONGEST_WAIT)
    }

    /// How long to pause before asking again, when the store has told this, or nothing in time.
    pub fn pause(&mut self, told: Option<Wakeup>) -> Duration {
        match told {
            None => SHORTEST_PAUSE,
            Some(Wakeup::Changed) if self.told_before => SHORTEST_PAUSE,
            Some(Wakeup::Changed) => {
                self.told_before = true;
                Duration::ZERO
            }
            Some(Wakeup::Unknown) => {
                let longer = (self.next_pause * 3 / 2).min(LONGEST_PAUSE);
                std::mem::replace(&mut self.next_pause, longer)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_store_that_cannot_tell_is_asked_less_and_less_often() {
        let mut pace = WaitPace::default();
        let pauses: Vec<_> = (0..20).map(|_| pace.pause(Some(Wakeup::Unknown))).collect();
        assert_eq!(pauses[0], FIRST_PAUSE);
        assert!(pauses.is_sorted() && pauses[19] == LONGEST_PAUSE);
    }

    #[test]
    fn the_first_news_are_followed_at_once_and_no_store_makes_its_waiters_spin() {
        let mut pace = WaitPace::default();
        assert_eq!(pace.pause(Some(Wakeup::Changed)), Duration::ZERO);
        assert_eq!(pace.pause(Some(Wakeup::Changed)), SHORTEST_PAUSE);
        assert_eq!(pace.pause(Some(Wakeup::Changed)), SHORTEST_PAUSE);
        assert_eq!(pace.pause(None), SHORTEST_PAUSE);
    }

    #[test]
    fn a_wait_ends_with_the_lease_or_after_a_second() {
        let pace = WaitPace::default();
        assert_eq!(pace.at_most(20 * MS), 21 * MS);
        assert_eq!(pace.at_most(Duration::MAX), LONGEST_WAIT);
    }
}
