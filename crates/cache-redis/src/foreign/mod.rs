//! What other programs keep: read, and never written.

mod scan;

use std::time::Duration;

use cache_core::CacheError;
use redis::{Cmd, Value};

use crate::link::{Access, Commands, Link, Repeat, Weight};
use crate::topology::slot_of;
use crate::{RedisConfig, error, reply, status};
pub use scan::ForeignScan;

/// Keys of other programs, on one server or many: to be read, for example by a program that takes over
/// another cache's entries. Nothing here writes.
///
/// # Contract
/// Methods that take keys give one answer for each, in their order, for one round trip, or one to each node
/// of a cluster. They hold all of the answers: where those may be large, look at the lengths first. Keys that
/// are not there, and keys of another type, are no errors.
///
/// # Errors
/// Those of a [`RedisBackend`](crate::RedisBackend). A user needs the right to the commands that a method
/// names.
///
/// Clones share one connection.
#[derive(Debug, Clone)]
pub struct ForeignKeys {
    link: Link,
}

/// How long a key will be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForeignLife {
    /// It is not there, or not any more.
    Gone,
    /// It expires after this time, to the millisecond.
    For(Duration),
    /// It does not expire.
    Forever,
}

impl ForeignKeys {
    /// Connects, and finds out whether the server answers.
    ///
    /// # Errors
    /// As [`RedisBackend::connect_with`](crate::RedisBackend::connect_with).
    pub async fn connect_with(config: &RedisConfig) -> Result<Self, CacheError> {
        let link = Link::open(config)?;
        status::ping(&link).await?;
        Ok(Self { link })
    }

    /// Where they are, without a password.
    #[must_use]
    pub fn location(&self) -> &str {
        self.link.location()
    }

    /// Goes through the keys that begin with this, page by page, of about `page` keys that are looked at.
    #[must_use]
    pub fn scan(&self, prefix: &str, page: usize) -> ForeignScan {
        ForeignScan::new(self.link.clone(), prefix, page)
    }

    /// Bytes of strings (`STRLEN`): zero where there is none, `None` for what is not a string.
    ///
    /// # Errors
    /// When the server fails, or refuses the command.
    pub async fn lengths(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<usize>>, CacheError> {
        let make = |key: &[u8], _| of_key("STRLEN", key, &[]);
        let replies = self.each(keys, 1, &make).await?;
        replies.into_iter().map(|reply| self.length(reply)).collect()
    }

    /// Strings (`GET`): `None` for what is not there, or not a string.
    ///
    /// # Errors
    /// When the server fails, or refuses the command.
    pub async fn values(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, CacheError> {
        let make = |key: &[u8], _| of_key("GET", key, &[]);
        let replies = self.each(keys, 1, &make).await?;
        replies.into_iter().map(|reply| self.value(reply)).collect()
    }

    /// Bytes of these fields of hashes (`HSTRLEN`), in the order of the fields: zero for one that is not
    /// there. `None` for what is not a hash.
    ///
    /// # Errors
    /// When the server fails, or refuses the command.
    pub async fn field_lengths(
        &self,
        keys: &[Vec<u8>],
        fields: &[&str],
    ) -> Result<Vec<Option<Vec<usize>>>, CacheError> {
        let make = |key: &[u8], number: usize| of_key("HSTRLEN", key, &fields[number..=number]);
        let replies = self.each(keys, fields.len(), &make).await?.into_iter();
        let lengths: Vec<_> = replies.map(|reply| self.length(reply)).collect::<Result<_, _>>()?;
        let of_one = |number: usize| {
            let (start, end) = (number * fields.len(), (number + 1) * fields.len());
            lengths[start..end].iter().copied().collect()
        };
        Ok((0..keys.len()).map(of_one).collect())
    }

    /// These fields of hashes (`HMGET`), in their order. `None` for what is not a hash.
    ///
    /// # Errors
    /// When the server fails, or refuses the command.
    pub async fn fields(
        &self,
        keys: &[Vec<u8>],
        fields: &[&str],
    ) -> Result<Vec<Option<Vec<Option<Vec<u8>>>>>, CacheError> {
        let make = |key: &[u8], _| of_key("HMGET", key, fields);
        let replies = self.each(keys, 1, &make).await?;
        let of_one = |reply| match reply {
            Value::ServerError(error) if error.code() == "WRONGTYPE" => Ok(None),
            reply => {
                let values = reply::array(&self.link, reply, "HMGET")?;
                if values.len() != fields.len() {
                    return Err(error::unexpected(self.location(), "HMGET"));
                }
                values
                    .into_iter()
                    .map(|value| self.value(value))
                    .collect::<Result<_, _>>()
                    .map(Some)
            }
        };
        replies.into_iter().map(of_one).collect()
    }

    /// How long keys will be there (`PTTL`).
    ///
    /// # Errors
    /// When the server fails, or refuses the command.
    pub async fn lives(&self, keys: &[Vec<u8>]) -> Result<Vec<ForeignLife>, CacheError> {
        let make = |key: &[u8], _| of_key("PTTL", key, &[]);
        let replies = self.each(keys, 1, &make).await?;
        let life = |reply| match reply::number(&self.link, reply, "PTTL")? {
            -1 => Ok(ForeignLife::Forever),
            ms => Ok(u64::try_from(ms)
                .map_or(ForeignLife::Gone, |ms| ForeignLife::For(Duration::from_millis(ms)))),
        };
        replies.into_iter().map(life).collect()
    }

    /// So many commands for each key, made by key and number; their replies in order.
    async fn each(
        &self,
        keys: &[Vec<u8>],
        times: usize,
        make: &(dyn Fn(&[u8], usize) -> Cmd + Sync),
    ) -> Result<Vec<Value>, CacheError> {
        let count = keys.len() * times;
        if count == 0 {
            return Ok(Vec::new());
        }
        let commands = Commands {
            count,
            partial: false,
            slot: &|number| slot_of(&keys[number / times]),
            weight: &|number| Weight { keys: 1, bytes: keys[number / times].len() + 64 },
            make: &|number, _| make(&keys[number / times], number % times),
        };
        self.link.each(&commands, Access::Read, Repeat::Once).await
    }

    fn length(&self, reply: Value) -> Result<Option<usize>, CacheError> {
        match reply {
            Value::ServerError(error) if error.code() == "WRONGTYPE" => Ok(None),
            reply => {
                let length = reply::number(&self.link, reply, "a length")?;
                Ok(Some(usize::try_from(length).unwrap_or(usize::MAX)))
            }
        }
    }

    fn value(&self, reply: Value) -> Result<Option<Vec<u8>>, CacheError> {
        match reply {
            Value::Nil => Ok(None),
            Value::ServerError(error) if error.code() == "WRONGTYPE" => Ok(None),
            reply => reply::bytes(&self.link, reply, "a value").map(Some),
        }
    }
}

fn of_key(name: &str, key: &[u8], arguments: &[&str]) -> Cmd {
    let mut command = redis::cmd(name);
    command.arg(key).arg(arguments);
    command
}
