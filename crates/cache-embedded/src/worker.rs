//! The threads on which SQLite works: one that writes, and some that read.
//!
//! Each thread owns its connection, so that no lock is held while SQLite works and no thread of
//! the runtime ever waits for a disk. The threads end by themselves, and close their connections,
//! after the last handle is gone and the work at hand is done.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use cache_core::{CacheError, ErrorKind};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::config::EmbeddedConfig;
use crate::error::{explain, workers_gone};
use crate::recency::Recency;
use crate::schema::{self, Connections};
use crate::vector::Mirrors;
use crate::writing::{Writing, oldest_use};
use crate::{bound, busy};

/// How long noted uses wait to be written, unless they are needed before.
const FLUSH_AFTER: Duration = Duration::from_secs(1);
/// Entries evicted in one transaction when the file is over the bound as it is opened.
const TRIMMED_AT_ONCE: usize = 1_000;

/// What all threads of a backend know.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: EmbeddedConfig,
    pub(crate) recency: Recency,
    pub(crate) mirrors: Mirrors,
}

impl Shared {
    /// The bound as SQLite counts.
    pub(crate) fn max_bytes(&self) -> i64 {
        i64::try_from(self.config.max_bytes).unwrap_or(i64::MAX)
    }
}

type Job = Box<dyn FnOnce(&Connection) + Send>;

enum Message {
    Work(Job),
    /// Uses were noted and are to be written before long.
    UsesNoted,
}

/// A handle on the threads.
#[derive(Debug)]
pub(crate) struct Workers {
    writer: Sender<Message>,
    readers: Sender<Job>,
    shared: Arc<Shared>,
}

impl Workers {
    /// Opens the file and starts the threads.
    pub(crate) async fn start(config: EmbeddedConfig) -> Result<Self, CacheError> {
        let path = config.path.clone();
        let (answer, started) = oneshot::channel();
        // Opening waits for disks and other processes as well: the writer's thread does it.
        spawn("cache-file-writer", move || match open(config) {
            Ok((workers, writer, messages)) => {
                // When nobody waits any more, the handle is dropped here and the writer ends.
                drop(answer.send(Ok(workers)));
                writer.run(&messages);
            }
            Err(error) => drop(answer.send(Err(error))),
        })?;
        started.await.unwrap_or_else(|_| Err(workers_gone(&path)))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Lets a thread that reads do this.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, CacheError> {
        let (job, answer) = package(work);
        let sent = self.readers.send(job).is_ok();
        self.answer(sent, answer, "reading").await
    }

    /// Lets the thread that writes do this, as one transaction.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, CacheError> {
        let (job, answer) = package(move |sql| {
            let transaction = busy::immediate(sql)?;
            let result = work(&transaction)?;
            transaction.commit()?;
            Ok(result)
        });
        let sent = self.writer.send(Message::Work(job)).is_ok();
        self.answer(sent, answer, "writing").await
    }

    /// Notes that entries were used. They are given in their stored form.
    pub(crate) fn note_uses(&self, keys: Vec<Vec<u8>>) {
        if self.shared.recency.note(keys) {
            // When the writer is gone there is nothing to be evicted either.
            let _ = self.writer.send(Message::UsesNoted);
        }
    }

    async fn answer<T>(
        &self,
        sent: bool,
        answer: oneshot::Receiver<rusqlite::Result<T>>,
        doing: &str,
    ) -> Result<T, CacheError> {
        let path = &self.shared.config.path;
        if !sent {
            return Err(workers_gone(path));
        }
        match answer.await {
            Ok(result) => result.map_err(|error| explain(path, doing, error)),
            Err(_) => Err(workers_gone(path)),
        }
    }
}

/// A job, and where its answer comes.
fn package<T: Send + 'static>(
    work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
) -> (Job, oneshot::Receiver<rusqlite::Result<T>>) {
    let (answer, receiver) = oneshot::channel();
    let job = Box::new(move |sql: &Connection| {
        // Work that nobody waits for any more is not begun: behind a locked file the queue is then
        // no longer than the number of callers.
        if !answer.is_closed() {
            drop(answer.send(work(sql)));
        }
    });
    (job, receiver)
}

fn open(mut config: EmbeddedConfig) -> Result<(Workers, Writer, Receiver<Message>), CacheError> {
    let Connections { writer, readers } = schema::open(&mut config)?;
    let recency = Recency::default();
    let mirrors = Mirrors::new(config.vector_memory_bytes, config.approximate_above);
    let shared = Arc::new(Shared { config, recency, mirrors });
    trim(&writer, &shared).map_err(|error| explain(&shared.config.path, "trimming", error))?;

    let (jobs, queue) = mpsc::channel::<Job>();
    let queue = Arc::new(Mutex::new(queue));
    let reader = |sql: Connection| {
        let (queue, patience) = (queue.clone(), shared.config.busy_timeout);
        spawn("cache-file-reader", move || {
            busy::set_patience(patience);
            while let Some(job) = next(&queue) {
                job(&sql);
            }
        })
    };
    let readers = readers.into_iter().map(reader).collect::<Result<_, _>>()?;
    let (messages, received) = mpsc::channel();
    let writer = Writer { sql: writer, shared: shared.clone(), readers, flush_at: None };
    Ok((Workers { writer: messages, readers: jobs, shared }, writer, received))
}

fn next(queue: &Mutex<Receiver<Job>>) -> Option<Job> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// Brings a file under a bound that is lower than the one it was written under, a little at a
/// time so that others can write in between.
fn trim(sql: &Connection, shared: &Shared) -> rusqlite::Result<()> {
    while bound::total_bytes(sql)? > shared.max_bytes() {
        let transaction = busy::immediate(sql)?;
        let evicted = bound::enforce(&transaction, shared, TRIMMED_AT_ONCE)?;
        transaction.commit()?;
        if evicted == 0 {
            break;
        }
    }
    shared.recency.set_oldest(oldest_use(sql)?);
    Ok(())
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, CacheError> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map_err(|error| {
        let message = "no thread could be started for the cache file";
        CacheError::new(ErrorKind::Unavailable, message).with_source(error)
    })
}

struct Writer {
    sql: Connection,
    shared: Arc<Shared>,
    readers: Vec<JoinHandle<()>>,
    flush_at: Option<Instant>,
}

impl Writer {
    fn run(mut self, messages: &Receiver<Message>) {
        loop {
            match self.wait(messages) {
                Ok(Message::Work(job)) => job(&self.sql),
                Ok(Message::UsesNoted) => {
                    self.flush_at.get_or_insert_with(|| Instant::now() + FLUSH_AFTER);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.flush_at.is_some_and(|at| at <= Instant::now()) {
                self.flush();
            }
        }
        self.flush();
        // SQLite tidies up when the last connection is closed, but not when the last two are closed
        // at the same moment. So the readers go first.
        for reader in self.readers.drain(..) {
            drop(reader.join());
        }
    }

    fn wait(&self, messages: &Receiver<Message>) -> Result<Message, RecvTimeoutError> {
        match self.flush_at {
            Some(at) => messages.recv_timeout(at.saturating_duration_since(Instant::now())),
            None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    fn flush(&mut self) {
        self.flush_at = None;
        let uses = self.shared.recency.take();
        if uses.is_empty() {
            return;
        }
        if let Err(error) = self.record(&uses) {
            // Only the order of eviction suffers.
            let error = explain(&self.shared.config.path, "recording uses in", error);
            tracing::debug!(%error, uses = uses.len(), "uses of cache entries were not recorded");
        }
    }

    fn record(&self, uses: &[Vec<u8>]) -> rusqlite::Result<()> {
        let transaction = busy::immediate(&self.sql)?;
        let mut writing = Writing::new(&transaction)?;
        writing.record_uses(uses)?;
        writing.finish()?;
        self.shared.recency.set_oldest(oldest_use(&transaction)?);
        transaction.commit()
    }
}
