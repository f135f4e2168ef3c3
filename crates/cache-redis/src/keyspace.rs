//! Going through the keys of one namespace: never `KEYS`, never `FLUSHDB`.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use cache_core::{CacheError, ClearOptions, ClearProgress, ErrorKind, Namespace, Usage};
use redis::{Cmd, Value, cmd};

use crate::address::invalid;
use crate::batch::Batch;
use crate::link::{Link, Repeat};
use crate::reply;

/// Keys looked at in one round trip when counting.
const SCAN_STEP: usize = 1_000;

/// Entries whose memory is measured; of more, it is extrapolated.
const MAX_MEASURED: usize = 10_000;

/// What a key of the namespace's prefix is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Entry,
    /// A lease or the counters.
    Companion,
    /// Somebody else uses the same prefix. Left alone.
    Foreign,
}

/// `{namespace}:stats`
pub(crate) fn stats_key(namespace: &Namespace) -> String {
    format!("{namespace}:stats")
}

/// One step: a `SCAN`, and an `UNLINK` of what it found.
pub(crate) async fn clear(
    link: &Link,
    namespace: &Namespace,
    progress: ClearProgress,
    options: &ClearOptions,
) -> Result<ClearProgress, CacheError> {
    if progress.is_done() {
        return Ok(progress);
    }
    let cursor = progress.cursor().unwrap_or("0").parse();
    let cursor = cursor.map_err(|_| invalid("the progress is of a clearing of another backend"))?;
    let (next, keys) = scan(link, namespace, cursor, options.step).await?;
    let of = |wanted| keys.iter().filter(move |key| classify(namespace, key) == wanted);
    unlink(link, of(Found::Companion)).await?;
    let removed = unlink(link, of(Found::Entry)).await?;
    Ok(progress.advance(removed, (next != 0).then(|| next.to_string())))
}

/// Removes keys; says how many were there.
async fn unlink(link: &Link, keys: impl Iterator<Item = &Vec<u8>>) -> Result<u64, CacheError> {
    let keys: Vec<&[u8]> = keys.map(Vec::as_slice).collect();
    if keys.is_empty() {
        return Ok(0);
    }
    let mut command = cmd("UNLINK");
    command.arg(keys);
    let reply = link.command(&command, Repeat::Once).await?;
    Ok(reply::number(link, reply, "UNLINK")?.unsigned_abs())
}

/// Counts the entries and measures up to [`MAX_MEASURED`] of them.
pub(crate) async fn usage(link: &Link, namespace: &Namespace) -> Result<Usage, CacheError> {
    // SCAN may give a key twice while the server's table grows or shrinks.
    let mut seen = HashSet::new();
    let hasher = RandomState::new();
    let mut sample = Vec::new();
    let mut cursor = 0;
    loop {
        let (next, keys) = scan(link, namespace, cursor, SCAN_STEP).await?;
        for key in keys {
            let new =
                classify(namespace, &key) == Found::Entry && seen.insert(hasher.hash_one(&key));
            if new && sample.len() < MAX_MEASURED {
                sample.push(key);
            }
        }
        if next == 0 {
            break;
        }
        cursor = next;
    }
    let entries = seen.len() as u64;
    let (bytes, exact) = measure(link, &sample).await?;
    if exact && sample.len() == seen.len() {
        return Ok(Usage::new(entries, bytes));
    }
    let scaled = u128::from(bytes) * u128::from(entries) / (sample.len().max(1) as u128);
    Ok(Usage::estimated(entries, u64::try_from(scaled).unwrap_or(u64::MAX)))
}

/// What these keys take, and whether the server's own overhead is in it.
async fn measure(link: &Link, keys: &[Vec<u8>]) -> Result<(u64, bool), CacheError> {
    let replies = for_each(link, keys, &["MEMORY", "USAGE"], &["SAMPLES", "0"]).await?;
    match sum(link, replies) {
        Err(e) if matches!(e.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported) => {
            let replies = for_each(link, keys, &["STRLEN"], &[]).await?;
            let names: usize = keys.iter().map(Vec::len).sum();
            Ok((sum(link, replies)? + names as u64, false))
        }
        measured => Ok((measured?, true)),
    }
}

/// A command per key, one reply per key.
async fn for_each(
    link: &Link,
    keys: &[Vec<u8>],
    name: &[&str],
    arguments: &[&str],
) -> Result<Vec<Value>, CacheError> {
    let mut batch = Batch::new(link, Repeat::Once, keys.len());
    for key in keys {
        let mut command = Cmd::new();
        command.arg(name).arg(&key[..]).arg(arguments);
        batch.add(command, 1, key.len() + 32).await?;
    }
    batch.finish().await
}

fn sum(link: &Link, replies: Vec<Value>) -> Result<u64, CacheError> {
    let mut total = 0;
    for reply in replies {
        match reply {
            Value::Int(bytes) => total += bytes.unsigned_abs(),
            // Gone in the meantime, or replaced by another type.
            Value::Nil => {}
            Value::ServerError(error) if error.code() == "WRONGTYPE" => {}
            other => return Err(reply::unusable(link, other, "MEMORY USAGE")),
        }
    }
    Ok(total)
}

pub(crate) async fn scan(
    link: &Link,
    namespace: &Namespace,
    cursor: u64,
    count: usize,
) -> Result<(u64, Vec<Vec<u8>>), CacheError> {
    let mut command = cmd("SCAN");
    // A namespace holds no character that means something in a pattern.
    command.arg(cursor).arg("MATCH").arg(format!("{namespace}:*")).arg("COUNT").arg(count);
    let reply = link.command(&command, Repeat::Once).await?;
    let mut parts = reply::array(link, reply, "SCAN")?.into_iter();
    let (Some(cursor), Some(keys), None) = (parts.next(), parts.next(), parts.next()) else {
        return Err(crate::error::unexpected(link.location(), "SCAN"));
    };
    let cursor = reply::bytes(link, cursor, "SCAN")?;
    let cursor = std::str::from_utf8(&cursor).ok().and_then(|cursor| cursor.parse().ok());
    let cursor = cursor.ok_or_else(|| crate::error::unexpected(link.location(), "SCAN"))?;
    let keys = reply::array(link, keys, "SCAN")?;
    let keys = keys.into_iter().map(|key| reply::bytes(link, key, "SCAN"));
    Ok((cursor, keys.collect::<Result<_, _>>()?))
}

pub(crate) fn classify(namespace: &Namespace, key: &[u8]) -> Found {
    let rest = key.strip_prefix(namespace.as_str().as_bytes());
    let Some(rest) = rest.and_then(|rest| rest.strip_prefix(b":")) else {
        return Found::Foreign;
    };
    if rest == b"stats" || rest.strip_prefix(b"lease:").is_some_and(is_entry) {
        Found::Companion
    } else if is_entry(rest) {
        Found::Entry
    } else {
        Found::Foreign
    }
}

/// `{kind}:{generation}:{43 characters of base64url}`, of whatever kind: newer versions may have
/// more of them.
fn is_entry(rest: &[u8]) -> bool {
    let mut parts = rest.split(|&byte| byte == b':');
    let mut part = |length: std::ops::RangeInclusive<usize>, allowed: fn(&u8) -> bool| {
        parts.next().is_some_and(|part| length.contains(&part.len()) && part.iter().all(allowed))
    };
    part(1..=32, u8::is_ascii_alphanumeric)
        && part(1..=10, u8::is_ascii_digit)
        && part(43..=43, |c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_'))
        && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cache_core::{CacheKey, KeyKind, KeySpace};

    #[test]
    fn keys_are_told_apart() {
        let namespace = Namespace::new("app").unwrap();
        let of = |key: &str| classify(&namespace, key.as_bytes());
        for kind in [KeyKind::Embedding, KeyKind::Response, KeyKind::Model, KeyKind::Generation] {
            let space = KeySpace::new(namespace.clone(), kind, u32::MAX);
            let key = CacheKey::new(space, [0xff; 32]).to_string();
            assert_eq!(of(&key), Found::Entry);
            assert_eq!(of(&key.replacen("app:", "app:lease:", 1)), Found::Companion);
            assert_eq!(of(&format!("{key}x")), Found::Foreign);
            assert_eq!(of(&format!("{key}:x")), Found::Foreign);
            assert_eq!(of(&format!("x{key}")), Found::Foreign);
            assert_eq!(of(&key.replacen("app:", "app2:", 1)), Found::Foreign);
        }
        assert_eq!(of(&stats_key(&namespace)), Found::Companion);
        for foreign in
            ["app", "app:", "app:users", "app:lease:", "app:lease:x", "app:emb:0:", "app:stats:x"]
        {
            assert_eq!(of(foreign), Found::Foreign, "{foreign}");
        }
    }
}
