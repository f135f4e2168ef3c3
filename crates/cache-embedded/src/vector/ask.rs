//! Asking an index: its mirror, brought up to date, or the file itself.

use std::sync::Arc;

use cache_core::CacheError;
use vector_scan::Scan;

use super::index::EmbeddedIndex;
use super::mirror::Mirror;
use super::read;
use super::table::Index;

/// So often a mirror is begun anew while others change the index faster than it can be read.
const ATTEMPTS: usize = 3;

/// Where the entries of an index are.
enum Source {
    /// There is no index.
    Nowhere,
    Mirror(Arc<Mirror>),
    /// The id of the index in the file.
    File(i64),
}

impl EmbeddedIndex {
    /// Asks the index something; `passes` says how often that goes through all vectors. Parts of an
    /// index are asked one by one, and their answers joined. `None` when there is no index.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        passes: usize,
        ask: impl Fn(&Scan) -> T + Clone + Send + 'static,
        join: impl Fn(T, T) -> T + Send,
    ) -> Result<Option<T>, CacheError> {
        match self.source().await? {
            Source::Nowhere => Ok(None),
            Source::Mirror(mirror) => {
                let bytes = move |scan: &Scan| scan.bytes_of_vectors() * passes;
                let mirrored = Arc::clone(&mirror);
                let ask = move |scan: &Scan| {
                    let answer = ask(scan);
                    mirrored.note_graph(scan.bytes_of_graphs());
                    answer
                };
                Ok(Some(mirror.scan.read(bytes, ask).await?))
            }
            Source::File(index) => self.ask_file(index, ask, join).await,
        }
    }

    async fn source(&self) -> Result<Source, CacheError> {
        let mirrors = &self.workers.shared().mirrors;
        let mut source = Source::Nowhere;
        for _ in 0..ATTEMPTS {
            let Some(index) = self.look().await? else {
                mirrors.forget(&self.expected.name).await?;
                return Ok(Source::Nowhere);
            };
            source = Source::File(index.id);
            if !mirrors.has_room_for(&index) {
                break;
            }
            let mirror = mirrors.provide(&self.expected, &index).await?;
            if mirror.has_all(index.changes) || self.bring_up_to_date(&mirror).await? {
                return Ok(Source::Mirror(mirror));
            }
            drop(mirror);
            mirrors.forget(&self.expected.name).await?;
        }
        mirrors.forget(&self.expected.name).await?;
        Ok(source)
    }

    /// What the file has under the name.
    async fn look(&self) -> Result<Option<Index>, CacheError> {
        let expected = Arc::clone(&self.expected);
        Ok(self.workers.read(move |sql| Index::find_expected(sql, &expected)).await??)
    }

    /// Reads what has changed; false when the mirror cannot be brought up to date. One at a time does
    /// it, and the others find it done.
    async fn bring_up_to_date(&self, mirror: &Arc<Mirror>) -> Result<bool, CacheError> {
        let _turn = mirror.turn.lock().await;
        loop {
            let (expected, index, seen) = (Arc::clone(&self.expected), mirror.index, mirror.seen());
            let read = move |sql: &_| read::changes(sql, &expected, index, seen);
            let Some(changes) = self.workers.read(read).await? else { return Ok(false) };
            self.count_damaged(changes.damaged);
            let complete = changes.to.complete;
            if mirror.apply(changes).await? && complete {
                return Ok(true);
            }
        }
    }

    /// Reads the whole index, a part at a time.
    async fn ask_file<T: Send + 'static>(
        &self,
        index: i64,
        ask: impl Fn(&Scan) -> T + Clone + Send + 'static,
        join: impl Fn(T, T) -> T + Send,
    ) -> Result<Option<T>, CacheError> {
        let (mut answers, mut after) = (None, Vec::new());
        loop {
            let (expected, ask) = (Arc::clone(&self.expected), ask.clone());
            let read = move |sql: &_| {
                let part = read::part(sql, &expected.schema, index, &after)?;
                Ok((ask(&part.scan), part.next, part.damaged))
            };
            let (answer, next, damaged) = self.workers.read(read).await?;
            self.count_damaged(damaged);
            answers = Some(match answers {
                Some(answers) => join(answers, answer),
                None => answer,
            });
            match next {
                Some(next) => after = next,
                None => return Ok(answers),
            }
        }
    }

    fn count_damaged(&self, rows: u64) {
        self.workers.shared().mirrors.count_damaged(&self.expected.name, rows);
    }
}
