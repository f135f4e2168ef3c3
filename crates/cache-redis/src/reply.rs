//! Reading what the server answers.

use bytes::Bytes;
use cache_core::{CacheError, StoredValue};
use redis::Value;

use crate::error;
use crate::link::Link;

/// A value, or `None` where there is none or one of another type. Nothing is copied.
pub(crate) fn value(link: &Link, reply: Value) -> Result<Option<StoredValue>, CacheError> {
    match reply {
        Value::BulkString(bytes) => Ok(Some(StoredValue::new(Bytes::from(bytes)))),
        Value::Nil => Ok(None),
        Value::ServerError(error) if error.code() == "WRONGTYPE" => Ok(None),
        other => Err(unusable(link, other, "GET")),
    }
}

/// The elements of an array.
pub(crate) fn array(link: &Link, reply: Value, command: &str) -> Result<Vec<Value>, CacheError> {
    match reply {
        Value::Array(items) => Ok(items),
        other => Err(unusable(link, other, command)),
    }
}

/// A whole number.
pub(crate) fn number(link: &Link, reply: Value, command: &str) -> Result<i64, CacheError> {
    match reply {
        Value::Int(number) => Ok(number),
        other => Err(unusable(link, other, command)),
    }
}

/// The bytes of a string.
pub(crate) fn bytes(link: &Link, reply: Value, command: &str) -> Result<Vec<u8>, CacheError> {
    match reply {
        Value::BulkString(bytes) => Ok(bytes),
        other => Err(unusable(link, other, command)),
    }
}

/// The first error among the replies.
pub(crate) fn all_succeeded(link: &Link, replies: &[Value]) -> Result<(), CacheError> {
    let failed = replies.iter().find_map(|reply| match reply {
        Value::ServerError(error) => Some(error),
        _ => None,
    });
    failed.map_or(Ok(()), |failed| Err(error::of_reply(failed, link.location())))
}

/// Why a reply is of no use: the server's error, or a form that the command does not have.
#[allow(clippy::needless_pass_by_value)] // what is of no use is done with
pub(crate) fn unusable(link: &Link, reply: Value, command: &str) -> CacheError {
    match reply {
        Value::ServerError(error) => error::of_reply(&error, link.location()),
        _ => {
            link.distrust();
            error::unexpected(link.location(), command)
        }
    }
}
