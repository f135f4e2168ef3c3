//! Work through a file line by line, for the verbs that take one, and batch by batch through anything else.
//!
//! A thread reads the file and cuts it into batches; as many of them as the verb allows are under way
//! at once.

mod batches;
mod progress;
mod refused;
mod report;
mod shape;
mod texts;
mod work;

use std::fs::File;
use std::future::Future;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use caching_with_redis::core::ProviderErrorKind;
use caching_with_redis::embedding::Error;
use tokio::sync::mpsc::{self, Receiver};

use crate::context::Context;
use crate::failure::Failure;
use crate::language::Language;
use batches::Batches;
pub(super) use batches::{Batch, Numbered, Reading};
pub(super) use progress::Progress;
pub(super) use refused::{Refusals, Refused};
pub(super) use report::{Report, Tally};
pub(super) use shape::{Shape, text_of};
pub(super) use texts::Texts;
pub(super) use work::{Account, Done, Ended, work};

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
        Self::try_open(path).map_err(|error| unreadable(context.language(), path, &error))
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

    /// Its length, where it is known.
    pub(super) fn bytes(&self) -> Option<u64> {
        self.bytes
    }

    /// Works through it batch by batch, as [`work()`] does.
    pub(super) async fn work<R, D, F>(
        self,
        context: &Context,
        reading: R,
        limits: Limits,
        account: &mut D::Account,
        begin: impl FnMut(Batch<R::Item>) -> F,
    ) -> Result<(), Ended>
    where
        R: Reading,
        D: Done,
        F: Future<Output = D> + Send + 'static,
    {
        let batches = read_in_background(self, context.language(), reading, limits.lines);
        work(batches, limits.batches, account, begin).await
    }
}

/// A thread of its own, not of the runtime's: it may wait for standard input for ever, and the
/// program does not wait for it.
fn read_in_background<R: Reading>(
    input: Input,
    language: Language,
    reading: R,
    most: u32,
) -> Receiver<Result<Batch<R::Item>, Failure>> {
    let (sender, receiver) = mpsc::channel(1);
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    std::thread::spawn(move || {
        let Input { path, reader, .. } = input;
        for batch in Batches::new(BufReader::new(reader), reading, most) {
            let batch = batch.map_err(|error| unreadable(language, &path, &error));
            if sender.blocking_send(batch).is_err() {
                return; // Nobody wants more.
            }
        }
    });
    receiver
}

fn unreadable(language: Language, path: &Path, error: &io::Error) -> Failure {
    let path = path.display().to_string();
    Failure::Machine(language.cannot_read_file(&path, &error.to_string()))
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
