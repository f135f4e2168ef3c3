//! The shortest way to a hit.

use std::sync::Arc;

use super::read::Found;
use super::{Call, Core};
use crate::Mode;
use crate::lookup::{Lookup, Source};

impl Core {
    /// A fresh entry from a store in this process's memory: no future, no table, no allocation.
    /// Whatever else there is to a lookup is left to the long way.
    pub(crate) fn local_hit(self: &Arc<Self>, call: &Call, text: &str) -> Option<Lookup> {
        let reads = matches!(call.mode, Mode::ReadWrite | Mode::ReadOnly);
        if !self.keeps_decoded || !reads || self.config.normalizer.is_some() {
            return None;
        }
        let key = call.profile.key(text);
        let mut found = None;
        self.backend.read_local(&key, &mut |value| {
            found = Some(self.judge_value(call, &key, value));
        });
        let found = found.filter(|found| matches!(found, Found::Fresh(_)))?;
        self.count(call, &found);
        self.slide(call, std::slice::from_ref(&key), std::slice::from_ref(&found));
        self.share_later();
        match found {
            Found::Fresh(entry) => Some(entry.into_lookup(Source::Hit)),
            _ => None,
        }
    }
}
