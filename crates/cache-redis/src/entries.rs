//! Entries: strings with an expiry of their own.

use cache_core::{CacheError, CacheKey, ErrorKind, PutEntry, PutOptions, StoredValue, Ttl};
use redis::{Cmd, RedisWrite, Value};

use crate::batch::{Batch, MAX_KEYS_PER_COMMAND};
use crate::key_writer::KeyWriter;
use crate::lease;
use crate::link::{Link, Repeat};
use crate::reply;

/// What Redis takes in one string, unless it is configured otherwise.
pub(crate) const MAX_VALUE_BYTES: usize = 512 << 20;

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
    let mut batch = Batch::new(link, Repeat::Once);
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
    if entries.iter().any(|entry| entry.value.bytes().len() > MAX_VALUE_BYTES) {
        return Err(CacheError::new(
            ErrorKind::InvalidInput,
            "Redis takes values of at most 512 MiB: do not cache this one",
        ));
    }
    let mut writer = KeyWriter::default();
    let mut batch = Batch::new(link, Repeat::Once);
    for entry in entries {
        let stored = writer.stored(&entry.key);
        let length = stored.len() + entry.value.bytes().len() + 32;
        batch.add(set(stored, entry, length), 1, length).await?;
    }
    if let Some(token) = options.release {
        let keys: Vec<&CacheKey> = entries.iter().map(|entry| &entry.key).collect();
        for chunk in keys.chunks(MAX_KEYS_PER_COMMAND) {
            let (command, length) = lease::release_command(chunk, token);
            batch.add(command, chunk.len(), length).await?;
        }
    }
    reply::all_succeeded(link, &batch.finish().await?)
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
    let mut batch = Batch::new(link, Repeat::Once);
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
    let mut batch = Batch::new(link, Repeat::Once);
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
