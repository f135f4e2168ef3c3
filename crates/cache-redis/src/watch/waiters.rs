//! Who waits for which keys.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::push::{Listener, Session};

/// All who wait, by the stored forms of keys.
#[derive(Default)]
pub(super) struct Waiters {
    by_key: Mutex<HashMap<Vec<u8>, Vec<Arc<Notify>>>>,
    were_there: AtomicBool,
}

/// One who waits, until this is dropped.
pub(super) struct Waiter {
    all: Arc<Waiters>,
    keys: Vec<Vec<u8>>,
    bell: Arc<Notify>,
}

impl Waiters {
    /// Notes that somebody waits for these keys: from now on no message about them is lost.
    pub(super) fn wait<'k>(self: &Arc<Self>, keys: impl Iterator<Item = &'k Vec<u8>>) -> Waiter {
        self.were_there.store(true, Ordering::Relaxed);
        let waiter =
            Waiter { all: Arc::clone(self), keys: keys.cloned().collect(), bell: Arc::default() };
        let mut by_key = self.by_key();
        for key in &waiter.keys {
            by_key.entry(key.clone()).or_default().push(Arc::clone(&waiter.bell));
        }
        drop(by_key);
        waiter
    }

    /// Whether nobody has waited since this was asked last.
    pub(super) fn were_idle(&self) -> bool {
        let anybody = !self.by_key().is_empty();
        !self.were_there.swap(anybody, Ordering::Relaxed) && !anybody
    }

    fn by_key(&self) -> MutexGuard<'_, HashMap<Vec<u8>, Vec<Arc<Notify>>>> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake_all(&self) {
        self.by_key().values().flatten().for_each(|bell| bell.notify_one());
    }
}

impl Listener for Waiters {
    fn begun(&self) {
        self.wake_all();
    }

    fn changed(&self, key: &[u8]) {
        self.by_key().get(key).into_iter().flatten().for_each(|bell| bell.notify_one());
    }

    fn all_changed(&self, _: &Arc<Session>) {
        self.wake_all();
    }

    fn lost(&self, _: &Arc<Session>) {
        self.wake_all();
    }
}

impl Waiter {
    /// Returns when something was told since the last time.
    pub(super) async fn woken(&self) {
        self.bell.notified().await;
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut by_key = self.all.by_key();
        for key in &self.keys {
            if let Some(bells) = by_key.get_mut(key) {
                bells.retain(|bell| !Arc::ptr_eq(bell, &self.bell));
                if bells.is_empty() {
                    by_key.remove(key);
                }
            }
        }
    }
}

impl fmt::Debug for Waiters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiters").field("keys", &self.by_key().len()).finish()
    }
}
