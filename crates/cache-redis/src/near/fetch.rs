//! Reading values together with how long the server keeps them.

use std::sync::Arc;
use std::time::Duration;

use cache_core::{CacheError, CacheKey, GetOptions, StoredValue};
use futures_util::future::join_all;
use redis::aio::MultiplexedConnection;
use redis::{Pipeline, Value};

use super::store::Life;
use crate::entries::{self, on_key, stored_length};
use crate::key_writer::KeyWriter;
use crate::link::{Access, Commands, Link, Repeat, Weight};
use crate::push::Session;
use crate::reply;

const COMMANDS: [&str; 2] = ["GET", "PTTL"];

/// A value, and for how long it is kept; none where it is already gone.
pub(super) type Fetched = Option<(StoredValue, Option<Life>)>;

/// `GET` and, behind it, `PTTL` for each key, in one round trip to its primary, whichever servers
/// are otherwise read from: a replica may give what the primary has long told to be changed. Should
/// the key change between the two, the server tells.
pub(super) async fn fetch(
    link: &Link,
    keys: &[&CacheKey],
    options: &GetOptions,
) -> Result<Vec<Fetched>, CacheError> {
    let commands = Commands {
        count: 2 * keys.len(),
        partial: options.partial,
        slot: &|index| KeyWriter::default().slot(keys[index / 2]),
        weight: &|index| Weight { keys: (index + 1) % 2, bytes: stored_length(keys[index / 2]) },
        make: &|index, writer| on_key(COMMANDS[index % 2], writer.stored(keys[index / 2])),
    };
    let replies = link.each(&commands, Access::Write, Repeat::Once).await?;
    pairs(link, replies, keys.len())
}

fn pairs(link: &Link, replies: Vec<Value>, keys: usize) -> Result<Vec<Fetched>, CacheError> {
    let mut replies = replies.into_iter();
    let mut fetched = Vec::with_capacity(keys);
    while let (Some(value), Some(left)) = (replies.next(), replies.next()) {
        let value = reply::value(link, value)?;
        // A user who may not ask for it reads all the same.
        fetched.push(value.map(|value| (value, life(&left))));
    }
    if fetched.len() == keys {
        Ok(fetched)
    } else {
        Err(crate::error::unexpected(link.location(), "GET"))
    }
}

fn life(left: &Value) -> Option<Life> {
    match left {
        Value::Int(-1) => Some(Life::Forever),
        Value::Int(left) => u64::try_from(*left).ok().map(Duration::from_millis).map(Life::Left),
        _ => None,
    }
}

/// The same over the connections of these sessions, one for each key, on which reading a key means
/// to be told when it changes. None where that fails.
pub(super) async fn fetch_tracked(
    link: &Link,
    keys: &[&CacheKey],
    sessions: &[&Arc<Session>],
) -> Option<Vec<Fetched>> {
    let mut groups: Vec<(&Arc<Session>, Vec<usize>)> = Vec::new();
    for (index, session) in sessions.iter().enumerate() {
        match groups.iter_mut().find(|(of, _)| Arc::ptr_eq(of, session)) {
            Some((_, members)) => members.push(index),
            None => groups.push((session, vec![index])),
        }
    }
    let asked = groups.iter().map(|(session, members)| async move {
        let keys: Vec<_> = members.iter().map(|&index| keys[index]).collect();
        ask(link, &keys, session.connection()?).await
    });
    let mut fetched: Vec<Fetched> = vec![None; keys.len()];
    for (answer, (_, members)) in join_all(asked).await.into_iter().zip(&groups) {
        for (value, &index) in answer?.into_iter().zip(members) {
            fetched[index] = value;
        }
    }
    Some(fetched)
}

async fn ask(
    link: &Link,
    keys: &[&CacheKey],
    mut connection: MultiplexedConnection,
) -> Option<Vec<Fetched>> {
    let mut writer = KeyWriter::default();
    let mut pipeline = Pipeline::with_capacity(2 * keys.len());
    for key in keys {
        let stored = writer.stored(key);
        for name in COMMANDS {
            pipeline.add_command(on_key(name, stored));
        }
    }
    let limit = link.limit(Weight { keys: keys.len(), bytes: 0 });
    let replies = connection.send_packed_commands(&pipeline, 0, pipeline.len());
    let replies = tokio::time::timeout(limit, replies).await.ok()?.ok()?;
    pairs(link, replies, keys.len()).ok()
}

/// Values that nobody tells about, which are therefore not kept. They come from primaries, too: a
/// replica that has lost its primary may be any time behind.
pub(super) async fn fetch_untracked(
    link: &Link,
    keys: &[&CacheKey],
    options: &GetOptions,
) -> Result<Vec<Fetched>, CacheError> {
    let keys: Vec<_> = keys.iter().copied().cloned().collect();
    let values = entries::get(link, &keys, Access::Write, options).await?;
    Ok(values.into_iter().map(|value| Some((value?, None))).collect())
}
