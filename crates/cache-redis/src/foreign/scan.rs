//! Going through keys.

use cache_core::CacheError;

use crate::keyspace::{Place, scan};
use crate::link::Link;

/// Keys that begin alike, page by page, over all primaries: `SCAN`, never `KEYS`.
///
/// A key that is there from the first page to the last is found. One that is written or removed
/// meanwhile may be, and one may come twice, while the server's table changes its size or a failover
/// begins a server anew.
#[derive(Debug)]
pub struct ForeignScan {
    link: Link,
    pattern: String,
    page: usize,
    place: Place,
}

impl ForeignScan {
    pub(super) fn new(link: Link, prefix: &str, page: usize) -> Self {
        Self { link, pattern: pattern(prefix), page, place: Place::default() }
    }

    /// The next page, which may have no keys; `None` behind the last.
    ///
    /// # Errors
    /// When a server fails; the next call tries the same page again.
    pub async fn next_page(&mut self) -> Result<Option<Vec<Vec<u8>>>, CacheError> {
        let servers = self.link.primaries().await?;
        let Some(server) = self.place.server(&servers) else { return Ok(None) };
        let (next, keys) =
            scan(&self.link, server, &self.pattern, self.place.cursor, self.page).await?;
        self.place.advance(next);
        Ok(Some(keys))
    }
}

/// What matches this beginning and nothing else, whatever characters are in it.
fn pattern(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for character in prefix.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('*');
    pattern
}
