//! One attempt: a start from the limiter, a request with its redirects, an answer.

use std::time::Duration;

use bytes::Bytes;
use cache_core::{ProviderError, ProviderErrorKind};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Response, StatusCode, Url};
use tokio::time::{Instant, timeout_at};

use super::endpoint::{Endpoint, Opened};
use super::failure::Failure;
use super::limiter::{Permit, TooLate};
use super::service_error::ServiceError;
use super::{body, delay};

const MOST_REDIRECTS: usize = 5;
/// What is read of an error's body, and for how long.
const ERROR_BODY: usize = 64 << 10;
const ERROR_BODY_TIME: Duration = Duration::from_secs(5);

/// Up to the status of a success.
pub(super) async fn open(
    endpoint: &Endpoint,
    body: Bytes,
    tokens: u64,
    deadline: Instant,
) -> Result<Opened, Failure> {
    let permit = start(endpoint, tokens, deadline).await?;
    within(endpoint, deadline, send(endpoint, body, permit, deadline)).await
}

/// Up to the last byte of a success.
pub(super) async fn call(
    endpoint: &Endpoint,
    body: Bytes,
    tokens: u64,
    deadline: Instant,
) -> Result<Bytes, Failure> {
    let permit = start(endpoint, tokens, deadline).await?;
    within(endpoint, deadline, async {
        let Opened { response, _permit } = send(endpoint, body, permit, deadline).await?;
        body::read(response, endpoint.place()).await
    })
    .await
}

async fn start(endpoint: &Endpoint, tokens: u64, deadline: Instant) -> Result<Permit, Failure> {
    let options = &endpoint.connection.options;
    let limiter = &endpoint.deployment.limiter;
    let started = limiter.acquire(tokens, deadline, options.max_delay).await;
    started.map_err(|TooLate { pause }| Failure::last(too_late(endpoint.place(), pause)))
}

fn too_late(place: &str, pause: Option<Duration>) -> ProviderError {
    let kind = ProviderErrorKind::RateLimited;
    match pause {
        Some(pause) => {
            let seconds = pause.as_secs_f64().ceil();
            let message = format!(
                "{place} asked to be left alone for another {seconds} s, which is longer than this \
                 call may wait"
            );
            ProviderError::new(kind, message).with_retry_after(pause)
        }
        None => ProviderError::new(
            kind,
            format!("{place}: the rate limit leaves no room for this call before its deadline"),
        ),
    }
}

/// Bounds an attempt by its own timeout and by the call's deadline.
async fn within<T>(
    endpoint: &Endpoint,
    deadline: Instant,
    attempt: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let begun = Instant::now();
    let own = begun + endpoint.connection.options.timeout;
    match timeout_at(own.min(deadline), attempt).await {
        Ok(result) => result,
        Err(_) => Err(Failure::timeout(endpoint.place(), begun.elapsed(), deadline <= own)),
    }
}

/// Sends the request, to where redirects lead, and reads the status.
async fn send(
    endpoint: &Endpoint,
    body: Bytes,
    permit: Permit,
    deadline: Instant,
) -> Result<Opened, Failure> {
    let connection = &endpoint.connection;
    let mut headers = connection.headers.clone();
    let token = connection.auth.apply(&mut headers, deadline).await.map_err(Failure::last)?;
    let mut url = Url::clone(&endpoint.url);
    let mut redirects = 0;
    loop {
        let begun = Instant::now();
        let request = connection
            .client
            .post(url.clone())
            .headers(headers.clone())
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, text/event-stream")
            .body(body.clone());
        let sent = request.send().await;
        let response = sent.map_err(|error| Failure::of_transport(error, endpoint.place()))?;
        let status = response.status();
        tracing::debug!(
            place = endpoint.place(),
            status = status.as_u16(),
            ms = begun.elapsed().as_millis(),
            "answered"
        );
        if status.is_success() {
            permit.accepted(response.headers());
            return Ok(Opened { response, _permit: permit });
        }
        if redirects < MOST_REDIRECTS
            && keeps_the_method(status)
            && let Some(next) = target(&url, response.headers())
        {
            if !same_origin(&url, &next) {
                // Whatever the caller added may be a credential.
                headers = HeaderMap::new();
            }
            url = next;
            redirects += 1;
            continue;
        }
        return Err(refused(endpoint, response, &permit, token).await);
    }
}

fn keeps_the_method(status: StatusCode) -> bool {
    matches!(status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT)
}

/// Where a redirect leads. Never from TLS to plain text, and never with a user of its own.
fn target(from: &Url, headers: &HeaderMap) -> Option<Url> {
    let location: &HeaderValue = headers.get(LOCATION)?;
    let mut to = from.join(location.to_str().ok()?).ok()?;
    let safe = to.scheme() == "https" || (to.scheme() == "http" && from.scheme() == "http");
    to.set_username("").ok()?;
    to.set_password(None).ok()?;
    safe.then_some(to)
}

fn same_origin(a: &Url, b: &Url) -> bool {
    a.origin() == b.origin()
}

/// Reads a refusal, and tells the limiter.
async fn refused(endpoint: &Endpoint, response: Response, permit: &Permit, token: u64) -> Failure {
    let status = response.status();
    let headers = response.headers().clone();
    if status == StatusCode::TOO_MANY_REQUESTS {
        permit.throttled(delay::named(&headers), &headers);
    }
    let body = body::read_leniently(response, ERROR_BODY, ERROR_BODY_TIME).await;
    let error = ServiceError::read(Some(status.as_u16()), &headers, &body);
    let mut failure = error.into_failure(endpoint.place());
    failure.refused_token = (status == StatusCode::UNAUTHORIZED).then_some(token);
    failure
}
