//! Tokens, kept until shortly before they expire.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use cache_core::{ProviderError, ProviderErrorKind};
use reqwest::header::HeaderValue;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use super::TokenProvider;
use super::auth::{header, no_token};

/// Renewed this long before the end, so that no request travels with a token that expires on the
/// way.
const MARGIN: Duration = Duration::from_secs(5 * 60);

/// A longer life is taken for this one: clocks do not count to the end of `Duration`.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// The token of a provider. One caller at a time asks for a new one; while the old one is still
/// valid the others go on with it.
pub(crate) struct TokenCache {
    provider: Arc<dyn TokenProvider>,
    current: RwLock<Option<Kept>>,
    renewal: Mutex<u64>,
}

#[derive(Clone)]
struct Kept {
    header: HeaderValue,
    number: u64,
    renew_at: Option<Instant>,
    expires_at: Option<Instant>,
}

impl Kept {
    fn is_fresh(&self) -> bool {
        self.renew_at.is_none_or(|at| Instant::now() < at)
    }

    fn is_valid(&self) -> bool {
        self.expires_at.is_none_or(|at| Instant::now() < at)
    }
}

impl TokenCache {
    pub(crate) fn new(provider: Arc<dyn TokenProvider>) -> Self {
        Self { provider, current: RwLock::new(None), renewal: Mutex::new(0) }
    }

    /// A valid token as a header, and its number.
    pub(crate) async fn get(&self, deadline: Instant) -> Result<(HeaderValue, u64), ProviderError> {
        let kept = self.current().filter(Kept::is_valid);
        let mut numbers = match &kept {
            Some(kept) if kept.is_fresh() => return Ok((kept.header.clone(), kept.number)),
            // Somebody is on it.
            Some(kept) => match self.renewal.try_lock() {
                Ok(guard) => guard,
                Err(_) => return Ok((kept.header.clone(), kept.number)),
            },
            None => timeout_at(deadline, self.renewal.lock()).await.map_err(|_| too_slow())?,
        };
        if let Some(renewed) = self.current().filter(|kept| kept.is_valid() && kept.is_fresh()) {
            return Ok((renewed.header, renewed.number));
        }
        let asked = timeout_at(deadline, self.provider.token()).await;
        let token = match (asked, kept) {
            (Ok(Ok(token)), _) => token,
            // What is still valid serves until the provider recovers.
            (_, Some(kept)) => {
                tracing::warn!("the token provider failed; the token in hand is still valid");
                return Ok((kept.header, kept.number));
            }
            (Ok(Err(error)), None) => return Err(no_token(error)),
            (Err(_), None) => return Err(too_slow()),
        };
        let header = header("Bearer ", &token.secret).map_err(no_token)?;
        *numbers += 1;
        let life = token
            .expires_on
            .map(|end| end.duration_since(SystemTime::now()).unwrap_or_default().min(LONGEST));
        let now = Instant::now();
        let kept = Kept {
            header,
            number: *numbers,
            renew_at: life.map(|life| now + (life / 2).max(life.saturating_sub(MARGIN))),
            expires_at: life.map(|life| now + life),
        };
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(kept.clone());
        Ok((kept.header, kept.number))
    }

    /// Forgets token `number`, unless it has been replaced already.
    pub(crate) fn forget(&self, number: u64) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|kept| kept.number == number) {
            *current = None;
        }
    }

    fn current(&self) -> Option<Kept> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn too_slow() -> ProviderError {
    ProviderError::new(
        ProviderErrorKind::Timeout,
        "the token provider gave no token within the call's deadline",
    )
}
