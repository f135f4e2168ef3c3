//! Entries: strings with an expiry of their own.

use cache_core::{
    CacheError, CacheKey, ErrorKind, LeaseToken, PutEntry, PutOptions, StoredValue, Ttl,
};
use redis::{Cmd, Pipeline, RedisWrite, Value};

use crate::batch::{Batch, MAX_BYTES, MAX_KEYS, MAX_KEYS_PER_COMMAND};
use crate::key_writer::KeyWriter;
use crate::lease;
use crate::link::{Link, Repeat, Request, Weight};
use crate::reply;

/// What Redis takes in one string, unless it is configured otherwise.
pub(crate) const MAX_VALUE_BYTES: usize = 512 << 20;

/// Writes are made and sent in volleys of so many entries: the server works on one while the next
/// is being made.
const VOLLEY_KEYS: usize = 64;
const VOLLEY_BYTES: usize = 128 << 10;

/// `GET` for one key, `MGET` for more.
pub(crate) async fn get(
    link: &Link,
    keys: &[CacheKey],
) -> Result<Vec<Option<StoredValue>>, CacheError> {
    match keys {
        [] => Ok(Vec::new()),
        [key] => Ok(vec![get_one(link, key).await?]),
        keys => get_several(link, keys).await,
    }
}

async fn get_one(link: &Link, key: &CacheKey) -> Result<Option<StoredValue>, CacheError> {
    let command = on_key("GET", KeyWriter::default().stored(key));
    match link.command(&command, Repeat::Once).await {
        Ok(reply) => reply::value(link, reply),
        Err(error) if error.kind() == ErrorKind::WrongType => Ok(None),
        Err(error) => Err(error),
    }
}

async fn get_several(
    link: &Link,
    keys: &[CacheKey],
) -> Result<Vec<Option<StoredValue>>, CacheError> {
    let mut writer = KeyWriter::default();
    let mut batch = Batch::new(link, Repeat::Once, keys.len().div_ceil(MAX_KEYS_PER_COMMAND));
    for chunk in keys.chunks(MAX_KEYS_PER_COMMAND) {
        let length = chunk.iter().map(stored_length).sum();
        let mut command = Cmd::with_capacity(chunk.len() + 1, length + 4);
        command.write_arg(b"MGET");
        for key in chunk {
            command.write_arg(writer.stored(key));
        }
        batch.add(command, chunk.len(), length).await?;
    }
    let mut values = Vec::with_capacity(keys.len());
    for reply in batch.finish().await? {
        for item in reply::array(link, reply, "MGET")? {
            values.push(reply::value(link, item)?);
        }
    }
    complete(link, values, keys.len(), "MGET")
}

/// `SET … PX …` for each entry, and the release of leases behind them.
pub(crate) async fn put(
    link: &Link,
    entries: &[PutEntry],
    options: &PutOptions,
) -> Result<(), CacheError> {
    if entries.iter().any(|entry| entry.value.size_hint() > MAX_VALUE_BYTES) {
        return Err(CacheError::new(
            ErrorKind::InvalidInput,
            "Redis takes values of at most 512 MiB: do not cache this one",
        ));
    }
    for trip in split(entries, MAX_KEYS, MAX_BYTES) {
        let volleys = split(trip, VOLLEY_KEYS, VOLLEY_BYTES);
        let volley = |number: usize| match (volleys.get(number), options.release) {
            (Some(entries), _) => Some(sets(entries)),
            (None, Some(token)) if number == volleys.len() => Some(releases(trip, token)),
            (None, _) => None,
        };
        let weight = Weight { keys: trip.len(), bytes: trip.iter().map(length).sum() };
        let replies = link.send(Request::Volleys(&volley), weight, Repeat::Once).await?;
        reply::all_succeeded(link, &replies)?;
    }
    Ok(())
}

/// About what an entry takes on the wire.
fn length(entry: &PutEntry) -> usize {
    stored_length(&entry.key) + entry.value.size_hint() + 32
}

/// Runs of entries within these limits; one that is over them goes alone.
fn split(entries: &[PutEntry], most_keys: usize, most_bytes: usize) -> Vec<&[PutEntry]> {
    let mut runs = Vec::new();
    let (mut start, mut bytes) = (0, 0usize);
    for (index, entry) in entries.iter().enumerate() {
        let more = length(entry);
        if index > start && (index - start >= most_keys || bytes.saturating_add(more) > most_bytes)
        {
            runs.push(&entries[start..index]);
            (start, bytes) = (index, 0);
        }
        bytes = bytes.saturating_add(more);
    }
    if start < entries.len() {
        runs.push(&entries[start..]);
    }
    runs
}

fn sets(entries: &[PutEntry]) -> Pipeline {
    let mut writer = KeyWriter::default();
    let mut pipeline = Pipeline::with_capacity(entries.len());
    for entry in entries {
        pipeline.add_command(set(writer.stored(&entry.key), entry, length(entry)));
    }
    pipeline
}

fn releases(entries: &[PutEntry], token: LeaseToken) -> Pipeline {
    let keys: Vec<&CacheKey> = entries.iter().map(|entry| &entry.key).collect();
    let mut pipeline = Pipeline::new();
    for chunk in keys.chunks(MAX_KEYS_PER_COMMAND) {
        pipeline.add_command(lease::release_command(chunk, token).0);
    }
    pipeline
}

fn set(key: &[u8], entry: &PutEntry, length: usize) -> Cmd {
    let mut command = Cmd::with_capacity(5, length);
    command.write_arg(b"SET");
    command.write_arg(key);
    command.write_arg(entry.value.bytes());
    if let Some(millis) = entry.ttl.as_millis() {
        command.write_arg(b"PX");
        command.arg(millis);
    }
    command
}

/// `UNLINK` per key, so that each says whether it was there.
pub(crate) async fn remove(link: &Link, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
    let replies = for_each(link, keys, |key| on_key("UNLINK", key)).await?;
    replies.into_iter().map(|reply| Ok(reply::number(link, reply, "UNLINK")? > 0)).collect()
}

/// `TYPE` per key: unlike `EXISTS` it knows a foreign type, and it does not count as use either.
pub(crate) async fn contains(link: &Link, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
    let replies = for_each(link, keys, |key| on_key("TYPE", key)).await?;
    let is_string = |reply| match reply {
        Value::SimpleString(name) => Ok(name == "string"),
        other => Err(reply::unusable(link, other, "TYPE")),
    };
    replies.into_iter().map(is_string).collect()
}

/// `PEXPIRE`, or for ever `PERSIST`, which does not say whether the key was there: `EXISTS` does.
pub(crate) async fn touch(link: &Link, keys: &[(CacheKey, Ttl)]) -> Result<Vec<bool>, CacheError> {
    let mut writer = KeyWriter::default();
    let mut batch = Batch::new(link, Repeat::Once, keys.len());
    for (key, ttl) in keys {
        let stored = writer.stored(key);
        let length = stored.len() + 32;
        if let Some(millis) = ttl.as_millis() {
            let mut command = on_key("PEXPIRE", stored);
            command.arg(millis);
            batch.add(command, 1, length).await?;
        } else {
            batch.add(on_key("PERSIST", stored), 1, length).await?;
            batch.add(on_key("EXISTS", stored), 1, length).await?;
        }
    }
    let mut replies = batch.finish().await?.into_iter();
    let mut touched = Vec::with_capacity(keys.len());
    for (_, ttl) in keys {
        if *ttl == Ttl::FOREVER {
            reply::number(link, replies.next().unwrap_or(Value::Nil), "PERSIST")?;
        }
        let reply = replies.next().unwrap_or(Value::Nil);
        touched.push(reply::number(link, reply, "PEXPIRE")? > 0);
    }
    Ok(touched)
}

/// A command per key, one reply per key.
async fn for_each(
    link: &Link,
    keys: &[CacheKey],
    command: impl Fn(&[u8]) -> Cmd,
) -> Result<Vec<Value>, CacheError> {
    let mut writer = KeyWriter::default();
    let mut batch = Batch::new(link, Repeat::Once, keys.len());
    for key in keys {
        let stored = writer.stored(key);
        batch.add(command(stored), 1, stored.len() + 16).await?;
    }
    complete(link, batch.finish().await?, keys.len(), "a batch")
}

fn on_key(name: &str, key: &[u8]) -> Cmd {
    let mut command = Cmd::with_capacity(3, name.len() + key.len() + 16);
    command.write_arg(name.as_bytes());
    command.write_arg(key);
    command
}

fn stored_length(key: &CacheKey) -> usize {
    key.space().prefix().len() + 43
}

/// A result per key, or an error: never results that belong to other keys.
fn complete<T>(
    link: &Link,
    results: Vec<T>,
    keys: usize,
    command: &str,
) -> Result<Vec<T>, CacheError> {
    if results.len() == keys {
        Ok(results)
    } else {
        Err(crate::error::unexpected(link.location(), command))
    }
}
