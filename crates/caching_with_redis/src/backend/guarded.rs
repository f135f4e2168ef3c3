//! The guard as the settings have it.

use cache_guard::{Budgets, GuardOptions, WriteBehind, guard};

use super::OpenedBackend;
use crate::Settings;

/// The store with a guard in front of it, where it does not do without one.
pub(super) fn guarded(opened: OpenedBackend, settings: &Settings) -> OpenedBackend {
    let store = guard(opened.backend, Some(options(settings)));
    OpenedBackend { backend: store.backend, guard: store.guard, ..opened }
}

fn options(settings: &Settings) -> GuardOptions {
    let options = GuardOptions::new().with_budgets(budgets(settings)).with_strict(settings.strict);
    if settings.write_behind { options.with_write_behind(queue(settings)) } else { options }
}

fn budgets(settings: &Settings) -> Budgets {
    let defaults = Budgets::new();
    defaults
        .with_read(settings.read_budget.map_or(defaults.read, |span| span.0))
        .with_lease(settings.lease_budget.map_or(defaults.lease, |span| span.0))
        .with_write(settings.write_budget.map_or(defaults.write, |span| span.0))
}

fn queue(settings: &Settings) -> WriteBehind {
    let defaults = WriteBehind::new();
    let bytes = |size: crate::ByteSize| usize::try_from(size.0).unwrap_or(usize::MAX);
    defaults.with_bounds(
        settings.write_behind_entries.unwrap_or(defaults.max_entries),
        settings.write_behind_memory.map_or(defaults.max_bytes, bytes),
    )
}
