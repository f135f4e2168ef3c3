//! Leases, in a table of their own.

use std::time::Duration;

use async_trait::async_trait;
use cache_core::{CacheError, CacheKey, LeaseOutcome, LeaseRequest, LeaseToken, Leases};
use rusqlite::{Connection, OptionalExtension};

use crate::backend::EmbeddedBackend;
use crate::clock;
use crate::entry::{Found, Lookup};

const SWEPT_AT_ONCE: i64 = 200;

const FIND: &str = "SELECT token, expires_at FROM leases WHERE key = ?1 AND expires_at > ?2";
const TAKE: &str = "INSERT INTO leases(key, token, expires_at) VALUES (?1, ?2, ?3)
    ON CONFLICT(key) DO UPDATE SET token = excluded.token, expires_at = excluded.expires_at";
const RENEW: &str =
    "UPDATE leases SET expires_at = ?4 WHERE key = ?1 AND token = ?2 AND expires_at > ?3";
const RELEASE: &str = "DELETE FROM leases WHERE key = ?1 AND token = ?2";
const SWEEP: &str = "DELETE FROM leases WHERE key IN
    (SELECT key FROM leases WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";

#[async_trait]
impl Leases for EmbeddedBackend {
    async fn get_or_lease_many(
        &self,
        keys: &[CacheKey],
        request: &LeaseRequest,
    ) -> Result<Vec<LeaseOutcome>, CacheError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let horizon = self.shared().recency.horizon();
        let (wanted, request) = (keys.to_vec(), *request);
        // Most calls find values, or other holders that they wait for: neither needs to write.
        let seen = self.workers.read(move |sql| look(sql, &wanted, request.token, horizon)).await?;
        self.workers.note_uses(seen.used);
        if let Some(outcomes) = seen.results.into_iter().collect() {
            return Ok(outcomes);
        }
        let wanted = keys.to_vec();
        self.workers.write(move |sql| take(sql, &wanted, &request)).await
    }

    async fn renew_leases(
        &self,
        keys: &[CacheKey],
        request: &LeaseRequest,
    ) -> Result<Vec<bool>, CacheError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let (keys, request) = (keys.to_vec(), *request);
        self.workers.write(move |sql| renew(sql, &keys, &request)).await
    }

    async fn release_leases(&self, keys: &[CacheKey], token: LeaseToken) -> Result<(), CacheError> {
        if keys.is_empty() {
            return Ok(());
        }
        let keys = keys.to_vec();
        self.workers.write(move |sql| release(sql, &keys, token)).await
    }
}

/// Gives up leases of this token.
pub(crate) fn release<'k>(
    sql: &Connection,
    keys: impl IntoIterator<Item = &'k CacheKey>,
    token: LeaseToken,
) -> rusqlite::Result<()> {
    let mut statement = sql.prepare_cached(RELEASE)?;
    keys.into_iter()
        .try_for_each(|key| statement.execute((key.to_bytes(), token.as_bytes())).map(drop))
}

/// What can be answered without writing: values, and leases of others.
fn look(
    sql: &Connection,
    keys: &[CacheKey],
    token: LeaseToken,
    horizon: i64,
) -> rusqlite::Result<Found<Option<LeaseOutcome>>> {
    let snapshot = sql.unchecked_transaction()?;
    let mut lookup = Lookup::new(&snapshot, horizon)?;
    let now = clock::millis();
    let seen = keys
        .iter()
        .map(|key| match lookup.find(key)? {
            Some(value) => Ok(Some(LeaseOutcome::Value(value))),
            None => held_by_another(&snapshot, &key.to_bytes(), token, now),
        })
        .collect::<rusqlite::Result<_>>()?;
    let found = lookup.with_used(seen);
    snapshot.commit()?;
    Ok(found)
}

fn take(
    sql: &Connection,
    keys: &[CacheKey],
    request: &LeaseRequest,
) -> rusqlite::Result<Vec<LeaseOutcome>> {
    let now = clock::millis();
    sql.prepare_cached(SWEEP)?.execute((now, SWEPT_AT_ONCE))?;
    // Uses were noted at the first look.
    let mut lookup = Lookup::new(sql, i64::MIN)?;
    let mut insert = sql.prepare_cached(TAKE)?;
    keys.iter()
        .map(|key| {
            if let Some(value) = lookup.find(key)? {
                return Ok(LeaseOutcome::Value(value));
            }
            let key = key.to_bytes();
            if let Some(held) = held_by_another(sql, &key, request.token, now)? {
                return Ok(held);
            }
            insert.execute((key, request.token.as_bytes(), clock::after(now, request.millis())))?;
            Ok(LeaseOutcome::Acquired)
        })
        .collect()
}

fn renew(
    sql: &Connection,
    keys: &[CacheKey],
    request: &LeaseRequest,
) -> rusqlite::Result<Vec<bool>> {
    let now = clock::millis();
    let end = clock::after(now, request.millis());
    let mut statement = sql.prepare_cached(RENEW)?;
    keys.iter()
        .map(|key| {
            let renewed =
                statement.execute((key.to_bytes(), request.token.as_bytes(), now, end))?;
            Ok(renewed > 0)
        })
        .collect()
}

fn held_by_another(
    sql: &Connection,
    key: &[u8],
    token: LeaseToken,
    now: i64,
) -> rusqlite::Result<Option<LeaseOutcome>> {
    let held = sql
        .prepare_cached(FIND)?
        .query_row((key, now), |row| {
            let own = row.get_ref(0)?.as_blob()? == token.as_bytes();
            Ok((own, row.get::<_, i64>(1)?))
        })
        .optional()?;
    Ok(held.filter(|(own, _)| !own).map(|(_, end)| {
        LeaseOutcome::Held(Duration::from_millis(end.saturating_sub(now).unsigned_abs()))
    }))
}
