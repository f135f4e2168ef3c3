//! Work through a file line by line, for the verbs that take one: `warm` and `index add`.
//!
//! A thread reads the file and cuts it into batches; as many of them as the verb allows are under way
//! at once.

mod batches;
mod progress;
mod refused;
mod report;
mod shape;

use std::fs::File;
use std::future::Future;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use caching_with_redis::core::ProviderErrorKind;
use caching_with_redis::embedding::Error;
use tokio::sync::mpsc::{self, Receiver};
use tokio::task::JoinSet;

use crate::context::Context;
use crate::failure::Failure;
use batches::Batches;
pub(super) use batches::{Batch, Numbered, Reading};
pub(super) use refused::Refused;
pub(super) use report::{Report, Tally};
pub(super) use shape::{Shape, text_of};

/// How often progress is looked at while no batch ends.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// How much is under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Lines of a batch.
    pub(super) lines: u32,
    /// Batches at once.
    pub(super) batches: usize,
}

/// What a verb reads from.
pub(super) struct Input {
    path: PathBuf,
    reader: Box<dyn Read + Send>,
    /// Its length, where it is known.
    bytes: Option<u64>,
}

impl Input {
    /// A file, or with `-` standard input.
    pub(super) fn open(context: &Context, path: &Path) -> Result<Self, Failure> {
        Self::try_open(path).map_err(|error| unreadable(context, path, &error))
    }

    fn try_open(path: &Path) -> io::Result<Self> {
        let path = path.to_owned();
        if path == Path::new("-") {
            return Ok(Self { path, reader: Box::new(io::stdin()), bytes: None });
        }
        let file = File::open(&path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        let bytes = metadata.is_file().then_some(metadata.len());
        Ok(Self { path, reader: Box::new(file), bytes })
    }

    /// Works through it batch by batch, until it ends, the user interrupts, or going on makes no sense.
    /// What came of it is in the report then, unless the user was in a hurry.
    pub(super) async fn work<R, D, F>(
        self,
        context: &Context,
        reading: R,
        limits: Limits,
        report: &mut Report,
        begin: impl FnMut(Batch<R::Item>) -> F,
    ) -> Result<(), Ended>
    where
        R: Reading,
        D: Done,
        F: Future<Output = D> + Send + 'static,
    {
        let path = self.path.clone();
        let batches = read_in_background(self, reading, limits.lines);
        match work(batches, limits.batches, report, begin).await {
            Ok(()) => Ok(()),
            Err(Why::AtOnce) => Err(Ended::AtOnce(interrupted(context))),
            Err(Why::Interrupted) => Err(Ended::Early(interrupted(context))),
            Err(Why::Unreadable(error)) => Err(Ended::Early(unreadable(context, &path, &error))),
            Err(Why::Failed(failure)) => Err(Ended::Early(failure)),
        }
    }
}

/// The work ended before the input did.
pub(super) enum Ended {
    /// All batches that had begun are over, and in the report.
    Early(Failure),
    /// The user could not wait for them.
    AtOnce(Failure),
}

/// A batch that is over.
pub(super) trait Done: Send + 'static {
    /// Counts what came of it. Gives the failure after which going on makes no sense.
    fn tell(self, report: &mut Report) -> Option<Failure>;
}

fn unreadable(context: &Context, path: &Path, error: &io::Error) -> Failure {
    let path = path.display().to_string();
    Failure::Machine(context.language().cannot_read_file(&path, &error.to_string()))
}

fn interrupted(context: &Context) -> Failure {
    Failure::Interrupted(context.language().warm_interrupted())
}

/// A thread of its own, not of the runtime's: it may wait for standard input for ever, and the
/// program does not wait for it.
fn read_in_background<R: Reading>(
    input: Input,
    reading: R,
    most: u32,
) -> Receiver<io::Result<Batch<R::Item>>> {
    let (sender, receiver) = mpsc::channel(1);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    std::thread::spawn(move || {
        for batch in Batches::new(BufReader::new(input.reader), reading, most) {
            if sender.blocking_send(batch).is_err() {
                return; // Nobody wants more.
            }
        }
    });
    receiver
}

/// Why the work ended before the input did.
enum Why {
    Unreadable(io::Error),
    Failed(Failure),
    /// The user interrupted.
    Interrupted,
    /// The user interrupted twice.
    AtOnce,
}

/// Batch after batch.
async fn work<T, D, F>(
    mut batches: Receiver<io::Result<Batch<T>>>,
    at_once: usize,
    report: &mut Report,
    mut begin: impl FnMut(Batch<T>) -> F,
) -> Result<(), Why>
where
    D: Done,
    F: Future<Output = D> + Send + 'static,
{
    let mut running = JoinSet::new();
    let mut interrupt = pin!(tokio::signal::ctrl_c());
    let mut looks = tokio::time::interval(BETWEEN_LOOKS);
    let mut ended: Option<Result<(), Why>> = None;
    while ended.is_none() || !running.is_empty() {
        tokio::select! {
            biased;
            _ = &mut interrupt => {
                if matches!(ended, Some(Err(Why::Interrupted))) {
                    return Err(Why::AtOnce);
                }
                interrupt.set(tokio::signal::ctrl_c());
                ended = Some(Err(Why::Interrupted));
                report.finishing();
            }
            Some(done) = running.join_next() => {
                if let Some(failure) = done.ok().and_then(|done: D| done.tell(report)) {
                    ended.get_or_insert(Err(Why::Failed(failure)));
                }
            }
            _ = looks.tick() => report.tick(),
            next = batches.recv(), if ended.is_none() && running.len() < at_once => match next {
                Some(Ok(batch)) => {
                    running.spawn(begin(batch));
                }
                Some(Err(error)) => ended = Some(Err(Why::Unreadable(error))),
                None => ended = Some(Ok(())),
            },
        }
    }
    ended.unwrap_or(Ok(()))
}

/// Whether every other text will meet the same error.
pub(super) fn is_fatal(error: &Error) -> bool {
    match error {
        Error::Store(_) | Error::NoProvider => true,
        Error::Provider(error) => matches!(
            error.kind(),
            ProviderErrorKind::Unauthorized
                | ProviderErrorKind::Forbidden
                | ProviderErrorKind::NotFound
                | ProviderErrorKind::WrongModel
                | ProviderErrorKind::Unreachable
        ),
        _ => false,
    }
}
