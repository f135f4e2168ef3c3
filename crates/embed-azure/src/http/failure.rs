//! Why an attempt failed, and what that means for the next one.

use std::time::Duration;

use cache_core::{BoxError, ProviderError, ProviderErrorKind};

/// An attempt failed.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: ProviderError,
    /// Whether the same request may be sent again.
    pub(super) again: bool,
    /// The deployment's limiter knows of it and makes the next attempt wait.
    pub(super) throttled: bool,
    /// The number of the token that the service refused.
    pub(super) refused_token: Option<u64>,
    pub(crate) hint: Option<Hint>,
}

/// What a refusal says about the request's inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hint {
    /// More inputs than the service takes at once.
    MaxInputs(usize),
    /// More tokens, or bytes, than the service takes at once.
    RequestTooLarge,
    /// One of the inputs is to blame; maybe the service says which.
    Input(Option<usize>),
    /// Maybe one of the inputs is to blame, maybe the whole request.
    MaybeInput,
}

impl Failure {
    /// A failure after which the same request makes no sense.
    pub(crate) fn last(error: ProviderError) -> Self {
        Self { error, again: false, throttled: false, refused_token: None, hint: None }
    }

    /// A failure that may pass.
    pub(crate) fn passing(error: ProviderError) -> Self {
        Self { again: true, ..Self::last(error) }
    }

    pub(crate) fn into_error(self) -> ProviderError {
        self.error
    }

    /// No connection, a broken one, or a broken body. The address is taken out of the error: its
    /// query is nobody's business.
    pub(super) fn of_transport(error: reqwest::Error, place: &str) -> Self {
        let error = error.without_url();
        let (kind, what) = if error.is_timeout() {
            (
                ProviderErrorKind::Timeout,
                "took too long to take the connection: check host, port, proxy and firewall",
            )
        } else if is_certificate_problem(&error) {
            (
                ProviderErrorKind::Unreachable,
                "has no certificate that this system trusts for its name: check the endpoint's \
                 host, and give the CA if it is your own",
            )
        } else if error.is_connect() {
            (
                ProviderErrorKind::Unreachable,
                "cannot be reached: check host, port, network and proxy",
            )
        } else {
            (ProviderErrorKind::Unreachable, "broke off before the answer was complete")
        };
        let certificate = is_certificate_problem(&error);
        let error = ProviderError::new(kind, format!("{place} {what}")).with_source(error);
        if certificate { Self::last(error) } else { Self::passing(error) }
    }

    /// No answer within an attempt's time, or the call's.
    pub(super) fn timeout(place: &str, after: Duration, deadline: bool) -> Self {
        let limit = if deadline { "the call's deadline" } else { "the attempt's timeout" };
        let message = format!(
            "{place} gave no complete answer within {limit} ({} ms passed)",
            after.as_millis()
        );
        let error = ProviderError::new(ProviderErrorKind::Timeout, message);
        if deadline { Self::last(error) } else { Self::passing(error) }
    }
}

fn is_certificate_problem(error: &reqwest::Error) -> bool {
    // The client hides rustls's types; their texts are stable here.
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = source {
        if error.to_string().contains("certificate") {
            return true;
        }
        source = error.source();
    }
    false
}

/// A reply that is not what the service promises.
pub(crate) fn bad_reply(place: &str, what: &str, source: Option<BoxError>) -> ProviderError {
    let error = ProviderError::new(ProviderErrorKind::BadReply, format!("{place} {what}"));
    match source {
        Some(source) => error.with_source(source),
        None => error,
    }
}
