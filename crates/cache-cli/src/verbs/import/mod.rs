//! `import`: takes over the vectors that another library has cached, without asking the provider.
//!
//! The old cache is read batch by batch and never written. What is cached here already is passed over
//! before its vector is read, so that a run that was interrupted goes on where it ended.

mod counts;
mod langchain;
mod redisvl;
mod report;
mod source;
mod target;
mod value;

use std::time::Instant;

use caching_with_redis::Span;
use caching_with_redis::redis::ForeignKeys;

use super::feed::{self, Ended};
use crate::args::{ImportCache, OldCache, TakeOver};
use crate::context::Context;
use crate::failure::Failure;
use counts::Counts;
use report::{Answer, Report};
use target::Target;

/// Batches under way at once: one is read while another is written.
const CONCURRENCY: usize = 2;

pub(super) async fn run(
    context: &Context,
    import: &ImportCache,
    ttl: Option<Span>,
) -> Result<(), Failure> {
    match &import.old {
        OldCache::Redisvl(redisvl) => redisvl::run(context, redisvl, ttl).await,
        OldCache::Langchain(langchain) => langchain::run(context, langchain, ttl).await,
    }
}

/// The old cache and the new one.
async fn open(
    context: &Context,
    take_over: &TakeOver,
    ttl: Option<Span>,
) -> Result<(ForeignKeys, Target), Failure> {
    let target = Target::open(context, take_over, ttl).await?;
    let keys = source::open(context, take_over.from.as_deref()).await?;
    Ok((keys, target))
}

/// Says what came of it, whatever ended the work. `hint` is for when there was nothing, and says what may
/// have been meant.
async fn finish<'a>(
    context: &Context,
    target: &Target,
    report: &'a Report,
    ended: Result<(), Ended>,
    answer: impl FnOnce(&'a Counts) -> Answer<'a>,
    hint: impl FnOnce(&Counts) -> Option<String>,
) -> Result<(), Failure> {
    let ended = match ended {
        Err(Ended::AtOnce(failure)) => return Err(failure),
        Err(Ended::Early(failure)) => Err(failure),
        Ok(()) => Ok(()),
    };
    let shared = target.cache().flush().await;
    report.finish();
    report::answer(context, &answer(&report.counts))?;
    ended?;
    shared?;
    let counts = &report.counts;
    if counts.failed() > 0 {
        return Err(Failure::Negative);
    }
    match hint(counts).filter(|_| counts.found() == 0) {
        Some(hint) => {
            context.output.note(&hint);
            Err(Failure::Negative)
        }
        None => Ok(()),
    }
}

/// A batch that is over.
struct Took {
    counts: Counts,
    /// Lines that gave no text.
    refused: Vec<(u64, feed::Refused)>,
    /// Bytes of the input.
    bytes: u64,
    failure: Option<Failure>,
}

impl Took {
    /// A batch that was not read from lines.
    fn of(counts: Counts, failure: Option<Failure>) -> Self {
        Self { counts, refused: Vec::new(), bytes: 0, failure }
    }
}

impl feed::Done for Took {
    type Account = Report;

    fn tell(self, report: &mut Report) -> Option<Failure> {
        report.add(&self.counts, self.bytes, &self.refused);
        self.failure
    }
}

fn elapsed(since: Instant) -> f64 {
    since.elapsed().as_secs_f64()
}
