//! `session`: conversations, looked at and changed.

mod append;
mod list;
mod remove;
mod show;
mod transfer;
mod trim;

use std::time::{Duration, SystemTime};

use caching_with_redis::session::{Session, SessionInfo, SessionStore};
use serde::Serialize;

use crate::args::{self, SessionVerb, Whose};
use crate::context::Context;
use crate::failure::Failure;
use crate::figures;
use crate::language::Language;

pub(super) async fn run(context: &Context, session: &args::Session) -> Result<(), Failure> {
    match &session.verb {
        SessionVerb::List(list) => list::run(context, list).await,
        SessionVerb::Show(show) => show::run(context, show).await,
        SessionVerb::Append(append) => append::run(context, append).await,
        SessionVerb::Trim(trim) => trim::run(context, trim).await,
        SessionVerb::Export(export) => transfer::export(context, export).await,
        SessionVerb::Import(import) => transfer::import(context, import).await,
        SessionVerb::Rm(remove) => remove::run(context, remove).await,
    }
}

/// A session, as answers in JSON have it.
#[derive(Debug, Serialize)]
pub(super) struct Described {
    id: String,
    title: Option<String>,
    messages: u64,
    tokens: u64,
    bytes: u64,
    /// Milliseconds since 1970.
    created_ms: u64,
    appended_ms: u64,
    expires_in_seconds: Option<u64>,
}

impl Described {
    fn of(info: SessionInfo) -> Self {
        Self {
            created_ms: millis(info.created),
            appended_ms: millis(info.appended),
            expires_in_seconds: info.expires_in.map(|left| left.as_secs()),
            id: info.id,
            title: info.title,
            messages: info.len,
            tokens: info.tokens,
            bytes: info.bytes,
        }
    }

    /// What people are shown of it, on one line.
    fn shown(&self, language: Language) -> String {
        let now = millis(SystemTime::now());
        let ago = Duration::from_millis(now.saturating_sub(self.appended_ms));
        let (messages, tokens) = (figures::count(self.messages), figures::count(self.tokens));
        let line = language.session_line(&messages, &tokens, &figures::span(whole_seconds(ago)));
        match &self.title {
            Some(title) => format!("{}  {line}", figures::one_line(title)),
            None => line,
        }
    }
}

pub(super) fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// At least one: what was just now is not shown in microseconds.
fn whole_seconds(time: Duration) -> Duration {
    Duration::from_secs(time.as_secs().max(1))
}

async fn open(context: &Context, whose: &Whose) -> Result<SessionStore, Failure> {
    let store = context.open_store().await?;
    context.sessions(&store, whose)
}

/// A session that has to be there, and what is known of it.
async fn existing(
    context: &Context,
    whose: &Whose,
    id: &str,
) -> Result<(Session, Described), Failure> {
    let session = open(context, whose).await?.session(&whose.owner, id);
    match session.info().await? {
        Some(info) => Ok((session, Described::of(info))),
        None => Err(missing(context, whose)),
    }
}

/// Says that there is no such session. Its id is not repeated: it is what keeps it private.
fn missing(context: &Context, whose: &Whose) -> Failure {
    context.output.note(&context.language().no_such_session(&whose.owner));
    Failure::Negative
}
