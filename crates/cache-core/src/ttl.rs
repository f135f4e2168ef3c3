//! How long an entry lives.

use std::cmp::Ordering;
use std::num::NonZeroU64;
use std::time::Duration;

/// Time to live of an entry: a positive number of milliseconds, or no end.
///
/// Ordered by length, [`Ttl::FOREVER`] being the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ttl(Option<NonZeroU64>);

impl Ord for Ttl {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.0.is_none(), self.0).cmp(&(other.0.is_none(), other.0))
    }
}

impl PartialOrd for Ttl {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ttl {
    /// Never expires. The store may still evict it.
    pub const FOREVER: Self = Self(None);

    /// The longest finite life, about 285 years: what Redis takes as an absolute time in
    /// milliseconds with room to spare.
    pub const MAX: Duration = Duration::from_millis(9_000_000_000_000);

    /// # Errors
    /// When it is shorter than a millisecond or longer than [`Ttl::MAX`]. Zero is refused rather
    /// than read as "for ever" or "not at all": both readings are in use, and each surprises
    /// somebody.
    pub fn new(duration: Duration) -> Result<Self, InvalidTtl> {
        if duration > Self::MAX {
            return Err(InvalidTtl);
        }
        let millis = u64::try_from(duration.as_millis()).map_err(|_| InvalidTtl)?;
        NonZeroU64::new(millis).map(|m| Self(Some(m))).ok_or(InvalidTtl)
    }

    /// # Errors
    /// As [`Ttl::new`].
    pub fn seconds(seconds: u64) -> Result<Self, InvalidTtl> {
        Self::new(Duration::from_secs(seconds))
    }

    /// Milliseconds, or `None` when it never ends.
    #[must_use]
    pub fn as_millis(self) -> Option<u64> {
        self.0.map(NonZeroU64::get)
    }

    /// The duration, or `None` when it never ends.
    #[must_use]
    pub fn as_duration(self) -> Option<Duration> {
        self.as_millis().map(Duration::from_millis)
    }

    /// This life made longer by `extra`, capped at [`Ttl::MAX`].
    #[must_use]
    pub fn extended_by(self, extra: Duration) -> Self {
        match self.as_duration() {
            None => self,
            Some(d) => Self::new(d.saturating_add(extra).min(Self::MAX)).unwrap_or(self),
        }
    }

    /// This life scaled by a factor in (0, 1], but at least a millisecond.
    #[must_use]
    pub fn shortened_to(self, factor: f64) -> Self {
        match self.as_duration() {
            None => self,
            Some(d) => Self::new(d.mul_f64(factor.clamp(0.0, 1.0)).max(Duration::from_millis(1)))
                .unwrap_or(self),
        }
    }
}

impl TryFrom<Duration> for Ttl {
    type Error = InvalidTtl;
    fn try_from(duration: Duration) -> Result<Self, InvalidTtl> {
        Self::new(duration)
    }
}

/// The duration cannot be a TTL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a TTL is at least 1 ms and at most 9,000,000,000 s; for an entry that never expires use Ttl::FOREVER"
)]
#[non_exhaustive]
pub struct InvalidTtl;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_and_absurd_are_refused() {
        assert_eq!(Ttl::seconds(0), Err(InvalidTtl));
        assert_eq!(Ttl::new(Duration::from_micros(999)), Err(InvalidTtl));
        assert_eq!(Ttl::new(Duration::MAX), Err(InvalidTtl));
        assert_eq!(Ttl::new(Duration::from_millis(1)).unwrap().as_millis(), Some(1));
        assert_eq!(Ttl::FOREVER.as_millis(), None);
    }

    #[test]
    fn arithmetic_stays_in_range() {
        let t = Ttl::seconds(10).unwrap();
        assert_eq!(t.extended_by(Duration::from_secs(5)).as_millis(), Some(15_000));
        assert_eq!(t.extended_by(Duration::MAX).as_duration(), Some(Ttl::MAX));
        assert_eq!(t.shortened_to(0.9).as_millis(), Some(9_000));
        assert_eq!(t.shortened_to(0.0).as_millis(), Some(1));
        assert_eq!(Ttl::FOREVER.extended_by(Duration::from_secs(1)), Ttl::FOREVER);
        assert!(t < Ttl::FOREVER && t > Ttl::seconds(9).unwrap());
    }
}
