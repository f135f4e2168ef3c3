//! How the server is.

use std::time::Instant;

use cache_core::{BackendStatus, CacheError, ErrorKind};
use futures_util::future::join_all;
use redis::{Value, cmd};

use crate::info::Info;
use crate::link::{Link, Server};
use crate::{reply, servers};

/// Whether a server answers this user at all.
pub(crate) async fn ping(link: &Link) -> Result<(), CacheError> {
    let servers = link.primaries().await?;
    let answers = join_all(servers.iter().map(|server| ping_one(link, server))).await;
    // While one node of a cluster is down, the others serve.
    let mut failure = None;
    for answer in answers {
        match answer {
            Ok(()) => return Ok(()),
            Err(error) => failure = Some(error),
        }
    }
    failure.map_or(Ok(()), Err)
}

async fn ping_one(link: &Link, server: &Server) -> Result<(), CacheError> {
    match link.at(&server.connector, &cmd("PING")).await {
        // Some users may do everything the cache needs, and not this. It was an answer.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        outcome => outcome.map(|_| ()),
    }
}

/// How the servers are, taken together.
pub(crate) async fn status(link: &Link) -> Result<BackendStatus, CacheError> {
    ping(link).await?; // connects, where there is no connection yet
    let servers = link.primaries().await?;
    let started = Instant::now();
    ping(link).await?;
    let round_trip = started.elapsed();
    let infos = join_all(servers.iter().map(|server| info(link, server))).await;
    let mut whole: Option<BackendStatus> = None;
    let mut warnings = Vec::new();
    let mut failure = None;
    for info in infos {
        let part = match info {
            Ok(info) => read(&info),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => denied(),
            Err(error) => {
                warnings.push(error.to_string());
                failure = Some(error);
                continue;
            }
        };
        whole = Some(match whole {
            Some(whole) => together(whole, part),
            None => part,
        });
    }
    let Some(mut status) = whole else {
        let nobody = || CacheError::new(ErrorKind::Unavailable, "no Redis server is known");
        return Err(failure.unwrap_or_else(nobody));
    };
    warnings.extend(unserved(link).await?);
    status.warnings.extend(warnings);
    status.round_trip = round_trip;
    Ok(status)
}

/// What a cluster lacks.
async fn unserved(link: &Link) -> Result<Option<String>, CacheError> {
    let Some(cluster) = link.topology().cluster() else {
        return Ok(None);
    };
    let unserved = cluster.layout().await?.unserved();
    let warning = format!(
        "{unserved} of the cluster's 16384 slots are served by no node, so their keys cannot be \
         read or written: see CLUSTER NODES"
    );
    Ok((unserved > 0).then_some(warning))
}

/// Sums, and each warning once.
fn together(mut whole: BackendStatus, part: BackendStatus) -> BackendStatus {
    let sum = |a: Option<u64>, b: Option<u64>| Some(a?.saturating_add(b?));
    whole.used_bytes = sum(whole.used_bytes, part.used_bytes);
    whole.max_bytes = sum(whole.max_bytes, part.max_bytes);
    for warning in part.warnings {
        if !whole.warnings.contains(&warning) {
            whole.warnings.push(warning);
        }
    }
    whole
}

async fn info(link: &Link, server: &Server) -> Result<Info, CacheError> {
    let mut text = String::new();
    for section in ["server", "memory"] {
        let mut command = cmd("INFO");
        command.arg(section);
        match link.at(&server.connector, &command).await? {
            Value::BulkString(section) => text.push_str(&String::from_utf8_lossy(&section)),
            other => return Err(reply::unusable(link, other, "INFO")),
        }
    }
    Ok(Info::new(text))
}

fn denied() -> BackendStatus {
    let warning = "this user may not use INFO, so the server's version and memory are unknown: \
                   allow it with ACL SETUSER … +info";
    let mut status = BackendStatus::default();
    status.server = "redis".to_owned();
    status.version = "unknown".to_owned();
    status.warnings = vec![warning.to_owned()];
    status
}

fn read(info: &Info) -> BackendStatus {
    let mut status = BackendStatus::default();
    (status.server, status.version) = servers::named(info);
    status.used_bytes = info.number("used_memory");
    status.max_bytes = info.number("maxmemory").filter(|&bytes| bytes > 0);
    status.eviction_policy = info.text("maxmemory_policy").map(str::to_owned);
    status.warnings = warnings(&status, info.number("maxmemory"));
    status
}

fn warnings(status: &BackendStatus, max_memory: Option<u64>) -> Vec<String> {
    let mut warnings = Vec::new();
    if max_memory == Some(0) {
        warnings.push(
            "the server's memory is unbounded, so the cache may fill the machine: set maxmemory \
             and maxmemory-policy allkeys-lru in its configuration"
                .to_owned(),
        );
    }
    if status.max_bytes.is_some() && status.eviction_policy.as_deref() == Some("noeviction") {
        warnings.push(
            "the server does not evict (maxmemory-policy noeviction), so writes fail once it is \
             full: set maxmemory-policy allkeys-lru in its configuration"
                .to_owned(),
        );
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> BackendStatus {
        read(&Info::new(text.to_owned()))
    }

    #[test]
    fn servers_tell_their_name_and_bounds() {
        let redis = "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n# Memory\r\n\
                     used_memory:1024\r\nused_memory_rss:9\r\nmaxmemory:4096\r\n\
                     maxmemory_policy:allkeys-lru\r\n";
        let status = read_text(redis);
        assert_eq!((status.server.as_str(), status.version.as_str()), ("redis", "7.0.15"));
        assert_eq!((status.used_bytes, status.max_bytes), (Some(1024), Some(4096)));
        assert_eq!(status.eviction_policy.as_deref(), Some("allkeys-lru"));
        assert!(status.warnings.is_empty());
        let valkey = "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.0\r\n\
                      maxmemory:0\r\nmaxmemory_policy:noeviction\r\n";
        let status = read_text(valkey);
        assert_eq!((status.server.as_str(), status.version.as_str()), ("valkey", "8.1.0"));
        assert_eq!(status.max_bytes, None);
        assert!(status.warnings.len() == 1 && status.warnings[0].contains("unbounded"));
        let full = read_text("maxmemory:5\r\nmaxmemory_policy:noeviction\r\n");
        assert!(full.warnings.len() == 1 && full.warnings[0].contains("noeviction"));
    }
}
