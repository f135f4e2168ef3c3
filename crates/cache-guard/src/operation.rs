//! What is done with a store.

/// An operation, as budgets, the breaker and the counts tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Operation {
    /// Reading values.
    Get,
    /// Asking which values are there.
    Contains,
    /// Writing values.
    Put,
    /// Giving values a new time to live.
    Touch,
    /// Taking leases.
    Lease,
    /// Prolonging leases.
    Renew,
    /// Giving leases up.
    Release,
    /// Adding to counters.
    Count,
    /// What is about the store itself: removing, clearing, reports, reading and resetting counters.
    Admin,
}

impl Operation {
    /// A short, stable label for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Contains => "contains",
            Self::Put => "put",
            Self::Touch => "touch",
            Self::Lease => "lease",
            Self::Renew => "renew",
            Self::Release => "release",
            Self::Count => "count",
            Self::Admin => "admin",
        }
    }

    /// What it has to do with the breaker of the store.
    pub(crate) fn on_store(self) -> Part {
        match self {
            Self::Admin => Part::Passes,
            Self::Count => Part::Yields, // It takes the time it takes.
            _ => Part::Tells,
        }
    }

    /// What it has to do with the breaker of writes.
    pub(crate) fn on_writes(self) -> Part {
        match self {
            Self::Put | Self::Touch | Self::Lease => Part::Tells,
            Self::Count => Part::Yields,
            _ => Part::Passes,
        }
    }
}

/// What an operation has to do with a breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Its outcome counts, and it is left out while the breaker is open.
    Tells,
    /// It is left out while the breaker is open.
    Yields,
    /// Nothing.
    Passes,
}
