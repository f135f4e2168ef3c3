//! What the client and the server call an error, in the words of the contract.
//!
//! A server's own text is passed on only where it cannot quote what we sent: "unknown command"
//! repeats the first arguments, and those are keys.

mod tls;

use std::time::Duration;

use cache_core::{CacheError, ErrorKind};
use redis::{RedisError, ServerError};

/// The server was not reached, or the connection broke.
pub(crate) fn of_connection(error: &RedisError, location: &str, phase: Phase) -> CacheError {
    let (kind, what) = match (error.kind(), phase) {
        (redis::ErrorKind::AuthenticationFailed, _) => (
            ErrorKind::Unauthenticated,
            format!("{location} refused the user name or password (or has none configured)"),
        ),
        (redis::ErrorKind::Server(_), Phase::Connecting) => return of_setup(error, location),
        (redis::ErrorKind::Parse, _) => (
            ErrorKind::Other,
            format!("what answers at {location} does not speak the Redis protocol"),
        ),
        _ if error.is_connection_refusal() => (
            ErrorKind::Unavailable,
            format!("connection refused at {location}: is Redis running there?"),
        ),
        _ if let Some(reason) = tls::reason(error) => (reason.kind(), reason.advice(location)),
        (_, Phase::Connecting) => (
            ErrorKind::Unavailable,
            format!(
                "cannot connect to {location} ({error}): check host and port, and whether the \
                 port wants TLS (rediss://)"
            ),
        ),
        (_, Phase::Connected) => {
            (ErrorKind::Unavailable, format!("the connection to {location} broke ({error})"))
        }
    };
    CacheError::new(kind, what).with_source(error.clone())
}

/// Where in its life a connection failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Connecting,
    Connected,
}

/// The server took the connection and refused to select the database.
fn of_setup(error: &RedisError, location: &str) -> CacheError {
    let detail = error.detail().unwrap_or_default();
    if detail.contains("Authentication required") {
        unauthenticated(location)
    } else if detail.contains("permission") {
        denied("this user may not use the command SELECT", location)
    } else {
        let message = format!("{location} has no such database ({detail}): correct the URL's end");
        CacheError::new(ErrorKind::InvalidInput, message)
    }
}

/// A connection was not ready in time.
pub(crate) fn connect_timeout(location: &str) -> CacheError {
    let message = format!(
        "no connection to {location} within the connect timeout: check host, port and firewall, \
         whether the port speaks TLS (rediss://) or not (redis://), and that the server is not \
         overloaded"
    );
    CacheError::new(ErrorKind::Unavailable, message)
}

/// The server answered with an error.
pub(crate) fn of_reply(error: &ServerError, location: &str) -> CacheError {
    let detail = error.details().unwrap_or_default();
    let (kind, message) = match error.code() {
        "NOAUTH" => return unauthenticated(location),
        "WRONGPASS" => {
            (ErrorKind::Unauthenticated, format!("{location} refused the user name or password"))
        }
        "NOPERM" => return denied(detail, location),
        "ERR" if is_denied_in_script(detail) => {
            return denied(
                "this user lacks a command or key that the cache's scripts need",
                location,
            );
        }
        "OOM" => (
            ErrorKind::Full,
            format!(
                "{location} is full and does not evict: raise maxmemory, or set maxmemory-policy \
                 to allkeys-lru"
            ),
        ),
        "MISCONF" => (
            ErrorKind::ReadOnly,
            format!("{location} takes no writes because it cannot save to disk: see its log"),
        ),
        "READONLY" => (
            ErrorKind::ReadOnly,
            format!("{location} is a read-only replica: use the address of its primary"),
        ),
        "NOREPLICAS" => (
            ErrorKind::ReadOnly,
            format!("{location} takes no writes because it lacks replicas (min-replicas-to-write)"),
        ),
        "WRONGTYPE" => (
            ErrorKind::WrongType,
            format!(
                "{location} holds a value of another type under one of the cache's keys: another \
                 program uses the same namespace"
            ),
        ),
        "LOADING" => (ErrorKind::Unavailable, format!("{location} is loading its data: wait")),
        "BUSY" => (
            ErrorKind::Unavailable,
            format!("{location} is busy with somebody's script: wait, or SCRIPT KILL"),
        ),
        code @ ("CLUSTERDOWN" | "TRYAGAIN" | "MASTERDOWN") => (
            ErrorKind::Unavailable,
            format!("{location} cannot serve at the moment ({code}): its cluster is in disorder"),
        ),
        code @ ("MOVED" | "ASK" | "CROSSSLOT") => (
            ErrorKind::Unavailable,
            format!("{location} sends from node to node ({code}): its cluster is in disorder"),
        ),
        "ERR" if detail.starts_with("max number of clients") => (
            ErrorKind::Unavailable,
            format!("{location} has too many clients: raise maxclients, or close some"),
        ),
        "ERR" if detail.starts_with("unknown ") => (
            ErrorKind::Unsupported,
            format!(
                "{location} lacks a command that the cache needs: Redis 6 or newer is required"
            ),
        ),
        code => {
            // Up to the first quotation mark: what is quoted may be ours.
            let detail = detail.split(['\'', '"', '`']).next().unwrap_or_default().trim_end();
            (ErrorKind::Other, format!("{location} answered with the error {code} {detail}"))
        }
    };
    CacheError::new(kind, message)
}

fn unauthenticated(location: &str) -> CacheError {
    let message =
        format!("{location} wants a password: put it into the URL, redis://:password@host");
    CacheError::new(ErrorKind::Unauthenticated, message)
}

/// What a script may not call is answered with ERR, by Redis 7.0 and older and by newer ones.
fn is_denied_in_script(detail: &str) -> bool {
    detail.contains("executing the script can't") || detail.starts_with("ACL failure in script")
}

fn denied(detail: &str, location: &str) -> CacheError {
    // A detail that names the command is passed on; one about a key might name the key.
    let detail = match detail.contains(" command") {
        true => detail,
        false => "this user may not touch these keys",
    };
    let message = format!("{location}: {detail}; allow it with ACL SETUSER");
    CacheError::new(ErrorKind::PermissionDenied, message)
}

/// A node did not tell the cluster's slots.
pub(crate) fn of_slots(error: &ServerError, location: &str) -> CacheError {
    match error.code() {
        "ERR" if error.details().is_some_and(|detail| detail.contains("cluster support")) => {
            let message =
                format!("{location} is no node of a cluster: begin the URL with redis:// alone");
            CacheError::new(ErrorKind::InvalidInput, message)
        }
        "NOPERM" => denied("this user may not use the command CLUSTER SLOTS", location),
        _ => of_reply(error, location),
    }
}

/// What a node tells of its cluster is no map of slots.
pub(crate) fn no_slots(location: &str) -> CacheError {
    let message = format!("{location} knows no slots of its cluster: is the cluster set up?");
    CacheError::new(ErrorKind::Unavailable, message)
}

/// A slot that no node serves.
pub(crate) fn no_owner(location: &str) -> CacheError {
    let message = format!(
        "no node of {location} serves the slot of a key: the cluster has lost nodes, or is not set \
         up yet"
    );
    CacheError::new(ErrorKind::Unavailable, message)
}

/// A Sentinel refused to answer.
pub(crate) fn of_sentinel(error: &ServerError, location: &str) -> CacheError {
    match error.code() {
        "ERR" if error.details().is_some_and(|detail| detail.starts_with("unknown command")) => {
            let message = format!("what answers at {location} is no Sentinel, but a server");
            CacheError::new(ErrorKind::InvalidInput, message)
        }
        _ => of_reply(error, location),
    }
}

/// No answer in time.
pub(crate) fn timeout(location: &str, limit: Duration) -> CacheError {
    let message = format!(
        "{location} did not answer within {} ms: it is overloaded, paused or unreachable, or the \
         response timeout is too short",
        limit.as_millis()
    );
    CacheError::new(ErrorKind::Timeout, message)
}

/// An answer of a form that the command does not have.
pub(crate) fn unexpected(location: &str, command: &str) -> CacheError {
    let message =
        format!("{location} answered {command} in an unknown form: is it Redis or Valkey?");
    CacheError::new(ErrorKind::Other, message)
}
