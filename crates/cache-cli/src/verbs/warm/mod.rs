//! `warm`: embeds the texts of a file, so that they are cached.
//!
//! A thread reads the file and cuts it into batches; a few batches are under way at once, each one
//! round trip to read and one to write. What is cached is a hit, so that a run that was interrupted
//! goes on where it ended.

mod batches;
mod progress;
mod report;
mod texts;

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::pin::pin;
use std::time::{Duration, Instant};

use caching_with_redis::core::ProviderErrorKind;
use caching_with_redis::embedding::{Error, Lookup, ModelCache, Source};
use tokio::sync::mpsc::{self, Receiver};
use tokio::task::JoinSet;

use crate::args;
use crate::context::{Context, Opened};
use crate::failure::Failure;
use batches::{Batch, Batches, Numbered};
use progress::Progress;
use report::{Report, Tally};
use texts::Refused;

/// Batches under way at once: one is computed while another waits for the store.
const CONCURRENCY: usize = 2;
/// How often progress is looked at while no batch ends.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

pub(super) async fn run(context: &Context, warm: &args::Warm) -> Result<(), Failure> {
    let input = Input::open(&warm.source).map_err(|error| unreadable(context, warm, &error))?;
    let opened = context.open().await?;
    if opened.cache.backend().info().kind == "memory" {
        context.output.warning(&context.language().gone_with_the_program());
    }
    let started = Instant::now();
    let progress = Progress::new(context.output, input.bytes);
    let mut report = Report::new(context.output, progress, opened.cache.clone());
    let batches = read_in_background(input, warm);
    let ended = work(&opened, batches, &mut report).await;
    let ended = match ended {
        Ok(()) => Ok(()),
        Err(Ended::AtOnce) => return Err(interrupted(context)),
        Err(Ended::Interrupted) => Err(interrupted(context)),
        Err(Ended::Unreadable(error)) => Err(unreadable(context, warm, &error)),
        Err(Ended::Failed(failure)) => Err(failure),
    };
    // Whatever happened, what was done is counted and said.
    let shared = opened.cache.flush().await;
    report.finish(started.elapsed())?;
    ended?;
    shared?;
    if report.failed() > 0 { Err(Failure::Negative) } else { Ok(()) }
}

/// Where the texts come from.
struct Input {
    reader: Box<dyn Read + Send>,
    /// Its length, where it is known.
    bytes: Option<u64>,
}

impl Input {
    fn open(path: &Path) -> io::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self { reader: Box::new(io::stdin()), bytes: None });
        }
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        let bytes = metadata.is_file().then_some(metadata.len());
        Ok(Self { reader: Box::new(file), bytes })
    }
}

fn unreadable(context: &Context, warm: &args::Warm, error: &io::Error) -> Failure {
    let path = warm.source.display().to_string();
    Failure::Machine(context.language().cannot_read_file(&path, &error.to_string()))
}

fn interrupted(context: &Context) -> Failure {
    Failure::Interrupted(context.language().warm_interrupted())
}

/// A thread of its own, not of the runtime's: it may wait for standard input for ever, and the
/// program does not wait for it.
fn read_in_background(input: Input, warm: &args::Warm) -> Receiver<io::Result<Batch>> {
    let (sender, receiver) = mpsc::channel(1);
    let (format, path) = (warm.format, warm.source.clone());
    let most = usize::try_from(warm.batch).unwrap_or(usize::MAX);
    std::thread::spawn(move || {
        let batches = Batches::new(BufReader::new(input.reader), format, &path, most);
        for batch in batches {
            if sender.blocking_send(batch).is_err() {
                return; // Nobody wants more.
            }
        }
    });
    receiver
}

/// Why the work ended before the input did.
enum Ended {
    Unreadable(io::Error),
    Failed(Failure),
    /// The user interrupted.
    Interrupted,
    /// The user interrupted twice.
    AtOnce,
}

/// Batch after batch, until the input ends, the user interrupts, or going on makes no sense.
async fn work(
    opened: &Opened,
    mut batches: Receiver<io::Result<Batch>>,
    report: &mut Report,
) -> Result<(), Ended> {
    let mut running = JoinSet::new();
    let mut interrupt = pin!(tokio::signal::ctrl_c());
    let mut looks = tokio::time::interval(BETWEEN_LOOKS);
    let mut ended: Option<Result<(), Ended>> = None;
    while ended.is_none() || !running.is_empty() {
        tokio::select! {
            biased;
            _ = &mut interrupt => {
                if matches!(ended, Some(Err(Ended::Interrupted))) {
                    return Err(Ended::AtOnce);
                }
                interrupt.set(tokio::signal::ctrl_c());
                ended = Some(Err(Ended::Interrupted));
                report.finishing();
            }
            Some(done) = running.join_next() => {
                if let Some(failure) = done.ok().and_then(|done: Done| done.tell(report)) {
                    ended.get_or_insert(Err(Ended::Failed(failure)));
                }
            }
            _ = looks.tick() => report.tick(),
            next = batches.recv(), if ended.is_none() && running.len() < CONCURRENCY => match next {
                Some(Ok(batch)) => {
                    running.spawn(embed(opened.model.clone(), batch));
                }
                Some(Err(error)) => ended = Some(Err(Ended::Unreadable(error))),
                None => ended = Some(Ok(())),
            },
        }
    }
    ended.unwrap_or(Ok(()))
}

/// A batch that is over.
struct Done {
    batch: Batch,
    results: Result<Vec<Result<Lookup, Error>>, Error>,
}

async fn embed(model: ModelCache, batch: Batch) -> Done {
    let texts: Vec<&str> = batch.texts.iter().map(|numbered| numbered.text.as_str()).collect();
    let results = model.embed_each(&texts).await;
    Done { batch, results }
}

impl Done {
    /// Counts what came of it. Gives the failure after which going on makes no sense.
    fn tell(self, report: &mut Report) -> Option<Failure> {
        let results = match self.results {
            Ok(results) => results,
            Err(error) => return Some(error.into()),
        };
        let mut tally = Tally { bytes: self.batch.bytes, ..Tally::default() };
        let mut refused = self.batch.refused;
        let mut seen = HashSet::with_capacity(self.batch.texts.len());
        let mut fatal = None;
        for (Numbered { line, text }, result) in self.batch.texts.iter().zip(results) {
            let first = seen.insert(text.as_str());
            match result {
                // Another call, or an earlier line, has paid for it.
                Ok(lookup) if lookup.source == Source::Computed && first => tally.computed += 1,
                Ok(_) => tally.hits += 1,
                Err(error) if is_fatal(&error) => fatal = Some(error),
                Err(error) => refused.push((*line, Refused::Failed(error.to_string()))),
            }
        }
        report.add(tally, &refused);
        fatal.map(Failure::from)
    }
}

/// Whether every other text will meet the same error.
fn is_fatal(error: &Error) -> bool {
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
