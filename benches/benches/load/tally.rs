//! What the callers have seen.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use cache_benches::load::Latencies;

/// Different faults that are kept to be shown.
const SHOWN: usize = 10;

/// Counts on the callers' side.
#[derive(Debug, Default)]
pub struct Tally {
    /// Texts that were looked up.
    pub texts: AtomicU64,
    /// Chats that were looked up.
    pub chats: AtomicU64,
    /// Texts and chats that came from the store.
    pub text_hits: AtomicU64,
    pub chat_hits: AtomicU64,
    /// Tokens that those chats would have cost.
    pub prompt_tokens_saved: AtomicU64,
    pub completion_tokens_saved: AtomicU64,
    /// Conversations of which the server evicted a part.
    pub evicted_sessions: AtomicU64,
    faults: Mutex<(u64, BTreeSet<String>)>,
    latencies: Mutex<Vec<(&'static str, Latencies)>>,
}

pub fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Relaxed);
}

pub fn read(counter: &AtomicU64) -> u64 {
    counter.load(Relaxed)
}

impl Tally {
    /// A call of this kind has taken so long.
    pub fn took(&self, kind: &'static str, time: Duration) {
        let mut all = self.latencies.lock().unwrap();
        match all.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, latencies)) => latencies.add(time),
            None => {
                let mut latencies = Latencies::default();
                latencies.add(time);
                all.push((kind, latencies));
            }
        }
    }

    /// A call failed, or its answer was wrong.
    pub fn fault(&self, what: String) {
        let mut faults = self.faults.lock().unwrap();
        faults.0 += 1;
        if faults.1.len() < SHOWN {
            faults.1.insert(what);
        }
    }

    pub fn faults(&self) -> (u64, Vec<String>) {
        let faults = self.faults.lock().unwrap();
        (faults.0, faults.1.iter().cloned().collect())
    }

    /// The times of each kind of call since this was last asked, moved into those of the whole run.
    pub fn take_latencies(&self, whole: &mut Vec<(&'static str, Latencies)>) -> Latencies {
        let mut second = Latencies::default();
        for (kind, latencies) in self.latencies.lock().unwrap().iter_mut() {
            let mut taken = std::mem::take(latencies);
            second.take(&mut taken.clone());
            match whole.iter_mut().find(|(known, _)| known == kind) {
                Some((_, all)) => all.take(&mut taken),
                None => whole.push((kind, taken)),
            }
        }
        second
    }
}
