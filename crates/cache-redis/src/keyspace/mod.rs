//! Going through the keys of one namespace: never `KEYS`, never `FLUSHDB`.

mod names;
mod place;

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use cache_core::{CacheError, ClearOptions, ClearProgress, ErrorKind, Namespace, Usage};
use redis::{Cmd, Value, cmd};

use crate::address::invalid;
use crate::link::{Access, Commands, Link, Repeat, Server, Weight};
use crate::reply;
use crate::topology::slot_of;
pub(crate) use names::stats_key;
pub(crate) use names::{Found, classify};
pub(crate) use place::Place;

/// Keys looked at in one round trip when counting.
pub(crate) const SCAN_STEP: usize = 1_000;

/// Entries whose memory is measured; of more, it is extrapolated.
const MAX_MEASURED: usize = 10_000;

/// One step: a `SCAN` at one of the primaries, and an `UNLINK` of what it found.
pub(crate) async fn clear(
    link: &Link,
    namespace: &Namespace,
    progress: ClearProgress,
    options: &ClearOptions,
) -> Result<ClearProgress, CacheError> {
    if progress.is_done() {
        return Ok(progress);
    }
    let mut place = match progress.cursor() {
        None => Place::default(),
        Some(text) => Place::parse(text)
            .ok_or_else(|| invalid("the progress is of a clearing of another backend"))?,
    };
    let servers = link.primaries().await?;
    let Some(server) = place.server(&servers) else {
        return Ok(progress.advance(0, None));
    };
    let (next, keys) = scan(link, server, &pattern(namespace), place.cursor, options.step).await?;
    let of = |wanted| keys.iter().filter(move |key| classify(namespace, key) == wanted);
    unlink(link, of(Found::Companion)).await?;
    let removed = unlink(link, of(Found::Entry)).await?;
    place.advance(next);
    let done = place.server(&servers).is_none();
    Ok(progress.advance(removed, (!done).then(|| place.to_string())))
}

/// Removes keys; says how many were there.
async fn unlink(link: &Link, keys: impl Iterator<Item = &Vec<u8>>) -> Result<u64, CacheError> {
    let keys: Vec<&[u8]> = keys.map(Vec::as_slice).collect();
    if !link.keeps_apart() {
        let replies = for_all(link, &[&keys[..]], &["UNLINK"], &[]).await?;
        if !link.must_keep_apart(&replies) {
            return sum(link, replies);
        }
    }
    let each: Vec<_> = keys.chunks(1).collect();
    sum(link, for_all(link, &each, &["UNLINK"], &[]).await?)
}

/// Counts the entries and measures up to [`MAX_MEASURED`] of them.
pub(crate) async fn usage(link: &Link, namespace: &Namespace) -> Result<Usage, CacheError> {
    // SCAN may give a key twice while the server's table grows or shrinks, or a slot moves.
    let mut seen = HashSet::new();
    let hasher = RandomState::new();
    let mut sample = Vec::new();
    for server in link.primaries().await? {
        let mut cursor = 0;
        loop {
            let (next, keys) = scan(link, &server, &pattern(namespace), cursor, SCAN_STEP).await?;
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
    let names: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
    let each: Vec<_> = names.chunks(1).collect();
    let replies = for_all(link, &each, &["MEMORY", "USAGE"], &["SAMPLES", "0"]).await?;
    match sum(link, replies) {
        Err(e) if matches!(e.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported) => {
            let replies = for_all(link, &each, &["STRLEN"], &[]).await?;
            let names: usize = keys.iter().map(Vec::len).sum();
            Ok((sum(link, replies)? + names as u64, false))
        }
        measured => Ok((measured?, true)),
    }
}

/// A command per run of keys, one reply each.
async fn for_all(
    link: &Link,
    runs: &[&[&[u8]]],
    name: &[&str],
    arguments: &[&str],
) -> Result<Vec<Value>, CacheError> {
    let runs: Vec<_> = runs.iter().filter(|run| !run.is_empty()).collect();
    let length = |run: &[&[u8]]| run.iter().map(|key| key.len() + 32).sum();
    let commands = Commands {
        count: runs.len(),
        partial: false,
        slot: &|index| slot_of(runs[index][0]),
        weight: &|index| Weight { keys: runs[index].len(), bytes: length(runs[index]) },
        make: &|index, _| {
            let mut command = Cmd::new();
            command.arg(name).arg(*runs[index]).arg(arguments);
            command
        },
    };
    link.each(&commands, Access::Write, Repeat::Once).await
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

/// Whatever is in a namespace: it holds no character that means something in a pattern.
pub(crate) fn pattern(namespace: &Namespace) -> String {
    format!("{namespace}:*")
}

/// Some of a server's keys that match, and where those after them begin: 0 at the end.
pub(crate) async fn scan(
    link: &Link,
    server: &Server,
    pattern: &str,
    cursor: u64,
    count: usize,
) -> Result<(u64, Vec<Vec<u8>>), CacheError> {
    let mut command = cmd("SCAN");
    command.arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(count);
    let reply = link.at(&server.connector, &command).await?;
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
