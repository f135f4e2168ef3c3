//! What a process has of its indexes, for people.

use cache_core::vector::IndexName;

use super::local::{Applied, Size};

/// Progress is told about whenever so many more entries are loaded.
const STEP: u64 = 10_000;

/// What this process has of an index that it [searches itself](crate::VectorEngine::Plain).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LocalIndex {
    /// Which index.
    pub name: IndexName,
    /// Entries that are here.
    pub entries: u64,
    /// Entries that the server had when it was last asked. While the index is loaded, there are more of
    /// them than here.
    pub expected: u64,
    /// Bytes that they take here.
    pub bytes: u64,
    /// Whether all are here, as far as is known. Searches wait for that.
    pub is_whole: bool,
    /// Entries whose stored values are damaged. They are not found, and stay until they are written
    /// again or removed.
    pub skipped: u64,
    /// How often the index was loaded from the beginning.
    pub loads: u64,
}

/// The same, as it goes.
#[derive(Debug, Default)]
pub(super) struct Figures {
    size: Size,
    expected: u64,
    is_whole: bool,
    loads: u64,
    /// Whether several answers are needed, and how much of them was told about.
    loading: bool,
    told: u64,
}

impl Figures {
    pub(super) fn of(&self, name: &IndexName) -> LocalIndex {
        LocalIndex {
            name: name.clone(),
            entries: self.size.entries,
            expected: self.expected,
            bytes: self.size.bytes,
            is_whole: self.is_whole,
            skipped: self.size.skipped,
            loads: self.loads,
        }
    }

    /// Changes were taken in; `anew` are the first ones of all.
    pub(super) fn took(
        &mut self,
        name: &IndexName,
        size: Size,
        expected: u64,
        anew: bool,
        applied: Applied,
    ) {
        if size.skipped > self.size.skipped {
            let skipped = size.skipped;
            tracing::warn!(index = %name, skipped, "values of vectors are damaged and are skipped");
        }
        if anew {
            self.loads += 1;
            self.told = 0;
        }
        (self.size, self.expected, self.is_whole) = (size, expected, applied == Applied::All);
        self.loading |= anew && applied == Applied::Some;
        if self.loading {
            self.tell(name);
        }
        self.loading &= applied == Applied::Some;
    }

    /// There is nothing here.
    pub(super) fn cleared(&mut self, is_whole: bool) {
        *self = Self { is_whole, loads: self.loads, ..Self::default() };
    }

    fn tell(&mut self, name: &IndexName) {
        let loaded = self.size.entries;
        if self.is_whole {
            tracing::info!(index = %name, loaded, "vectors are loaded");
        } else if loaded >= self.told + STEP {
            self.told = loaded;
            let expected = self.expected;
            tracing::info!(index = %name, loaded, expected, "vectors are being loaded");
        }
    }
}
