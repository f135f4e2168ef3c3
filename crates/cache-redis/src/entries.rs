//! Entries: strings with an expiry of their own.

use cache_core::{
    CacheError, CacheKey, ErrorKind, GetOptions, PutEntry, PutOptions, StoredValue, Ttl,
};
use redis::{Cmd, RedisWrite, Value};

use crate::key_writer::KeyWriter;
use crate::lease::RELEASE;
use crate::link::{Access, Commands, Link, MAX_KEYS_PER_COMMAND, Repeat, Weight};
use crate::reply;

/// What Redis takes in one string, unless it is configured otherwise.
pub(crate) const MAX_VALUE_BYTES: usize = 512 << 20;

/// `GET` for one key, `MGET` for more, and a `GET` for each where keys are kept apart.
pub(crate) async fn get(
    link: &Link,
    keys: &[CacheKey],
    access: Access,
    options: &GetOptions,
) -> Result<Vec<Option<StoredValue>>, CacheError> {
    match keys {
        [] => Ok(Vec::new()),
        [key] => Ok(vec![get_one(link, key, access).await?]),
        keys if link.keeps_apart() => get_each(link, keys, access, options).await,
        keys => get_several(link, keys, access, options).await,
    }
}

async fn get_one(
    link: &Link,
    key: &CacheKey,
    access: Access,
) -> Result<Option<StoredValue>, CacheError> {
    let mut writer = KeyWriter::default();
    let stored = writer.stored(key);
    match link.command(stored, &on_key("GET", stored), access, Repeat::Once).await {
        Ok(reply) => reply::value(link, reply),
        Err(error) if error.kind() == ErrorKind::WrongType => Ok(None),
        Err(error) => Err(error),
    }
}

async fn get_each(
    link: &Link,
    keys: &[CacheKey],
    access: Access,
    options: &GetOptions,
) -> Result<Vec<Option<StoredValue>>, CacheError> {
    let how = (access, options.partial);
    let replies = for_each(link, keys, how, |key| on_key("GET", key)).await?;
    replies.into_iter().map(|reply| reply::value(link, reply)).collect()
}

async fn get_several(
    link: &Link,
    keys: &[CacheKey],
    access: Access,
    options: &GetOptions,
) -> Result<Vec<Option<StoredValue>>, CacheError> {
    let runs: Vec<_> = keys.chunks(MAX_KEYS_PER_COMMAND).collect();
    let length = |run: &[CacheKey]| run.iter().map(stored_length).sum();
    let commands = Commands {
        count: runs.len(),
        partial: false,
        slot: &|index| KeyWriter::default().slot(&runs[index][0]),
        weight: &|index| Weight { keys: runs[index].len(), bytes: length(runs[index]) },
        make: &|index, writer| {
            let run = runs[index];
            let mut command = Cmd::with_capacity(run.len() + 1, length(run) + 4);
            command.write_arg(b"MGET");
            for key in run {
                command.write_arg(writer.stored(key));
            }
            command
        },
    };
    let replies = link.each(&commands, access, Repeat::Once).await?;
    if link.must_keep_apart(&replies) {
        return get_each(link, keys, access, options).await;
    }
    let mut values = Vec::with_capacity(keys.len());
    for reply in replies {
        for item in reply::array(link, reply, "MGET")? {
            values.push(reply::value(link, item)?);
        }
    }
    // Never results that belong to other keys.
    if values.len() == keys.len() {
        Ok(values)
    } else {
        Err(crate::error::unexpected(link.location(), "MGET"))
    }
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
    let apart = link.keeps_apart();
    let per_release = if apart { 1 } else { MAX_KEYS_PER_COMMAND };
    let releases: Vec<_> = match options.release {
        Some(_) => entries.chunks(per_release).collect(),
        None => Vec::new(),
    };
    let token = options.release.as_ref().map_or(&[][..], |token| token.as_bytes());
    let keys = |run: usize| releases[run].iter().map(|entry| &entry.key);
    let sets = entries.len();
    let commands = Commands {
        count: sets + releases.len(),
        partial: false,
        slot: &|index| match entries.get(index) {
            Some(entry) => KeyWriter::default().slot(&entry.key),
            None => KeyWriter::default().slot(&releases[index - sets][0].key),
        },
        weight: &|index| match entries.get(index) {
            Some(entry) => Weight { keys: 1, bytes: length(entry) },
            None => RELEASE.weight(keys(index - sets)),
        },
        make: &|index, writer| match entries.get(index) {
            Some(entry) => set(writer.stored(&entry.key), entry, length(entry)),
            None => RELEASE.in_batch(keys(index - sets), &[token], writer, apart),
        },
    };
    let mut replies = link.each(&commands, Access::Write, Repeat::Once).await?;
    let released = replies.split_off(sets);
    reply::all_succeeded(link, &replies)?;
    release_the_rest(link, &releases, released, token).await
}

/// Sends releases again that came to nothing: the server did not know the script, or wants keys
/// kept apart.
async fn release_the_rest(
    link: &Link,
    releases: &[&[PutEntry]],
    replies: Vec<Value>,
    token: &[u8],
) -> Result<(), CacheError> {
    link.must_keep_apart(&replies);
    let again = |reply: &Value| matches!(reply, Value::ServerError(error) if matches!(error.code(), "NOSCRIPT" | "CROSSSLOT"));
    let (rest, done): (Vec<_>, Vec<_>) =
        releases.iter().zip(replies).partition(|(_, reply)| again(reply));
    let done: Vec<_> = done.into_iter().map(|(_, reply)| reply).collect();
    reply::all_succeeded(link, &done)?;
    let keys: Vec<_> =
        rest.iter().flat_map(|(run, _)| run.iter().map(|entry| entry.key.clone())).collect();
    if keys.is_empty() {
        return Ok(());
    }
    RELEASE.run(link, &keys, &[token]).await.map(|_| ())
}

/// About what an entry takes on the wire.
fn length(entry: &PutEntry) -> usize {
    stored_length(&entry.key) + entry.value.size_hint() + 32
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
    let replies = for_each(link, keys, (Access::Write, false), |key| on_key("UNLINK", key)).await?;
    replies.into_iter().map(|reply| Ok(reply::number(link, reply, "UNLINK")? > 0)).collect()
}

/// `TYPE` per key: unlike `EXISTS` it knows a foreign type, and it does not count as use either.
pub(crate) async fn contains(link: &Link, keys: &[CacheKey]) -> Result<Vec<bool>, CacheError> {
    let replies = for_each(link, keys, (Access::Read, false), |key| on_key("TYPE", key)).await?;
    let is_string = |reply| match reply {
        Value::SimpleString(name) => Ok(name == "string"),
        other => Err(reply::unusable(link, other, "TYPE")),
    };
    replies.into_iter().map(is_string).collect()
}

/// `PEXPIRE`, or for ever `PERSIST`, which does not say whether the key was there: `EXISTS` does.
pub(crate) async fn touch(link: &Link, keys: &[(CacheKey, Ttl)]) -> Result<Vec<bool>, CacheError> {
    let mut steps = Vec::with_capacity(keys.len());
    for (key, ttl) in keys {
        match ttl.as_millis() {
            Some(millis) => steps.push((key, "PEXPIRE", Some(millis))),
            None => steps.extend([(key, "PERSIST", None), (key, "EXISTS", None)]),
        }
    }
    let commands = Commands {
        count: steps.len(),
        partial: false,
        slot: &|index| KeyWriter::default().slot(steps[index].0),
        weight: &|index| Weight { keys: 1, bytes: stored_length(steps[index].0) + 32 },
        make: &|index, writer| {
            let (key, name, millis) = steps[index];
            let mut command = on_key(name, writer.stored(key));
            if let Some(millis) = millis {
                command.arg(millis);
            }
            command
        },
    };
    let replies = link.each(&commands, Access::Write, Repeat::Once).await?;
    let mut touched = Vec::with_capacity(keys.len());
    for ((_, name, _), reply) in steps.iter().zip(replies) {
        let changed = reply::number(link, reply, name)? > 0;
        if *name != "PERSIST" {
            touched.push(changed);
        }
    }
    Ok(touched)
}

/// A command per key, one reply per key; and whether replies may be [partial](Commands::partial).
async fn for_each(
    link: &Link,
    keys: &[CacheKey],
    (access, partial): (Access, bool),
    command: impl Fn(&[u8]) -> Cmd + Sync,
) -> Result<Vec<Value>, CacheError> {
    let commands = Commands {
        count: keys.len(),
        partial,
        slot: &|index| KeyWriter::default().slot(&keys[index]),
        weight: &|index| Weight { keys: 1, bytes: stored_length(&keys[index]) + 16 },
        make: &|index, writer| command(writer.stored(&keys[index])),
    };
    link.each(&commands, access, Repeat::Once).await
}

pub(crate) fn on_key(name: &str, key: &[u8]) -> Cmd {
    let mut command = Cmd::with_capacity(3, name.len() + key.len() + 16);
    command.write_arg(name.as_bytes());
    command.write_arg(key);
    command
}

pub(crate) fn stored_length(key: &CacheKey) -> usize {
    key.space().prefix().len() + 43
}
