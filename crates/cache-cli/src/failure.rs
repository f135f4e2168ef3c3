//! Why the program ends without having done what it was asked.

use std::error::Error as _;
use std::io;

use caching_with_redis::core::vector::VectorRefusal;
use caching_with_redis::core::{CacheError, ErrorKind, ProviderError, ProviderErrorKind};
use caching_with_redis::settings::SettingsError;
use caching_with_redis::{Error, embedding, response, session};
use serde::Serialize;

use crate::language::Language;

/// The end of a command that did not reach its own.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The answer is no, and has been given.
    Negative,
    /// The command line is wrong, as this says in the user's language.
    Usage(String),
    /// A setting is wrong, as the library says.
    Settings(String),
    /// The store failed.
    Store { kind: ErrorKind, detail: String },
    /// An index is left as it is.
    Index(VectorRefusal),
    /// The provider failed.
    Provider { kind: ProviderErrorKind, detail: String },
    /// A file, a program or a port of this machine, as this says in the user's language.
    Machine(String),
    /// The user interrupted; this says what became of the work, in the user's language.
    Interrupted(String),
    /// Nobody reads the output any more.
    ClosedPipe,
}

/// An error as `--json` has it.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'a> {
    error: Reported<'a>,
}

#[derive(Debug, Serialize)]
struct Reported<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    message: &'a str,
}

impl<'a> Report<'a> {
    pub(crate) fn new(failure: &Failure, message: &'a str) -> Self {
        let (kind, reason) = (failure.kind(), failure.reason());
        Self { error: Reported { kind, reason, message } }
    }
}

impl Failure {
    /// The program's exit code; `--help` and the README list them.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::ClosedPipe => 0,
            Self::Negative => 1,
            Self::Usage(_) | Self::Settings(_) => 2,
            Self::Store { kind, .. } => code_of(*kind),
            Self::Index(refusal) => code_of(refusal.kind()),
            Self::Provider { .. } => 4,
            Self::Machine(_) => 5,
            Self::Interrupted(_) => 130,
        }
    }

    /// A short, stable name for programs.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Negative => "negative",
            Self::Usage(_) => "usage",
            Self::Settings(_) => "settings",
            Self::Store { kind, .. } => kind.as_str(),
            Self::Index(refusal) => refusal.kind().as_str(),
            Self::Provider { .. } => "provider",
            Self::Machine(_) => "machine",
            Self::Interrupted(_) => "interrupted",
            Self::ClosedPipe => "closed_pipe",
        }
    }

    /// Why the provider failed, by a short, stable name for programs.
    pub(crate) fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Provider { kind, .. } => Some(kind.as_str()),
            _ => None,
        }
    }

    /// What to tell the user, in one line; `None` where there is nothing more to say.
    pub(crate) fn message(&self, language: Language) -> Option<String> {
        let message = match self {
            Self::Negative | Self::ClosedPipe => return None,
            Self::Usage(message) | Self::Machine(message) | Self::Interrupted(message) => {
                message.clone()
            }
            Self::Settings(detail) => language.settings_wrong(detail),
            Self::Store { kind, detail } => store_message(*kind, detail, language),
            Self::Index(refusal) => language.vector_refusal(refusal),
            Self::Provider { kind, detail } => provider_message(*kind, detail, language),
        };
        Some(message.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

/// The exit code of a store's error.
fn code_of(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Conflict => 1,
        ErrorKind::InvalidInput => 2,
        _ => 3,
    }
}

fn store_message(kind: ErrorKind, detail: &str, language: Language) -> String {
    match kind {
        ErrorKind::Unavailable => language.store_unavailable(detail),
        ErrorKind::Timeout => language.store_timeout(detail),
        ErrorKind::Unauthenticated => language.store_unauthenticated(detail),
        ErrorKind::PermissionDenied => language.store_denied(detail),
        ErrorKind::Full => language.store_full(detail),
        ErrorKind::ReadOnly => language.store_read_only(detail),
        ErrorKind::Corrupt => language.store_corrupt(detail),
        ErrorKind::InvalidInput => language.input_refused(detail),
        _ => language.store_failed(detail),
    }
}

fn provider_message(kind: ProviderErrorKind, detail: &str, language: Language) -> String {
    match kind {
        ProviderErrorKind::Unauthorized => language.provider_unauthorized(detail),
        ProviderErrorKind::Forbidden => language.provider_forbidden(detail),
        ProviderErrorKind::NotFound => language.provider_not_found(detail),
        ProviderErrorKind::WrongModel => language.provider_wrong_model(detail),
        ProviderErrorKind::RateLimited => language.provider_rate_limited(detail),
        ProviderErrorKind::ContentFiltered => language.provider_filtered(detail),
        ProviderErrorKind::InputTooLong => language.provider_too_long(detail),
        ProviderErrorKind::Timeout => language.provider_timeout(detail),
        ProviderErrorKind::Unreachable => language.provider_unreachable(detail),
        ProviderErrorKind::Unavailable => language.provider_unavailable(detail),
        _ => language.provider_failed(detail),
    }
}

impl From<&CacheError> for Failure {
    fn from(error: &CacheError) -> Self {
        let refusal = error.source().and_then(|source| source.downcast_ref::<VectorRefusal>());
        match refusal {
            Some(refusal) => Self::Index(refusal.clone()),
            None => Self::Store { kind: error.kind(), detail: error.to_string() },
        }
    }
}

impl From<CacheError> for Failure {
    fn from(error: CacheError) -> Self {
        Self::from(&error)
    }
}

impl From<VectorRefusal> for Failure {
    fn from(refusal: VectorRefusal) -> Self {
        Self::Index(refusal)
    }
}

impl From<&ProviderError> for Failure {
    fn from(error: &ProviderError) -> Self {
        Self::Provider { kind: error.kind(), detail: error.to_string() }
    }
}

impl From<ProviderError> for Failure {
    fn from(error: ProviderError) -> Self {
        Self::from(&error)
    }
}

impl From<embedding::Error> for Failure {
    fn from(error: embedding::Error) -> Self {
        match error {
            embedding::Error::Store(error) => Self::from(&*error),
            embedding::Error::Provider(error) => Self::from(&*error),
            // The cache's own complaints are about what it computed.
            other => Self::Provider { kind: ProviderErrorKind::Failed, detail: other.to_string() },
        }
    }
}

impl From<response::Error> for Failure {
    fn from(error: response::Error) -> Self {
        match error {
            response::Error::Store(error) => Self::from(&*error),
            response::Error::Provider(error) => Self::from(&*error),
            other => Self::Provider { kind: ProviderErrorKind::Failed, detail: other.to_string() },
        }
    }
}

impl From<session::Error> for Failure {
    fn from(error: session::Error) -> Self {
        match &error {
            // Lines go in and out; what failed is not the store.
            session::Error::Io(cause) if cause.kind() == io::ErrorKind::BrokenPipe => {
                Self::ClosedPipe
            }
            session::Error::Io(cause) => Self::Machine(format!("{error}: {cause}")),
            _ => Self::Store { kind: error.kind(), detail: error.to_string() },
        }
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::Settings(error.to_string())
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error.into(),
            Error::Embedding(error) => error.into(),
            Error::Provider(error) => error.into(),
            Error::Session(error) => error.into(),
            Error::Response(error) => error.into(),
            other => Self::Settings(other.to_string()),
        }
    }
}

impl Failure {
    /// Writing to standard output failed.
    pub(crate) fn of_output(error: &io::Error, language: Language) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::Machine(language.cannot_write_output(&error.to_string())),
        }
    }
}
