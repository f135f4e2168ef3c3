//! How the server is.

use std::time::Instant;

use cache_core::{BackendStatus, CacheError, ErrorKind, Finding};
use futures_util::future::join_all;
use redis::{Value, cmd};

use crate::info::Info;
use crate::link::{Link, Server};
use crate::{diagnosis, reply, servers};

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
    let mut findings = Vec::new();
    let mut failure = None;
    for info in infos {
        let part = match info {
            Ok(info) => read(&info),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => denied(),
            Err(error) => {
                findings.push(diagnosis::silent(&error));
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
    findings.extend(unserved(link).await?);
    status.findings.extend(findings);
    status.round_trip = round_trip;
    Ok(status)
}

/// What a cluster lacks.
async fn unserved(link: &Link) -> Result<Option<Finding>, CacheError> {
    let Some(cluster) = link.topology().cluster() else {
        return Ok(None);
    };
    Ok(diagnosis::unserved(cluster.layout().await?.unserved() as u64))
}

/// Sums, and each finding once.
fn together(mut whole: BackendStatus, part: BackendStatus) -> BackendStatus {
    let sum = |a: Option<u64>, b: Option<u64>| Some(a?.saturating_add(b?));
    whole.used_bytes = sum(whole.used_bytes, part.used_bytes);
    whole.max_bytes = sum(whole.max_bytes, part.max_bytes);
    for finding in part.findings {
        if !whole.findings.contains(&finding) {
            whole.findings.push(finding);
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
    let mut status = BackendStatus::default();
    status.server = "redis".to_owned();
    status.version = "unknown".to_owned();
    status.findings = vec![diagnosis::not_allowed("info")];
    status
}

fn read(info: &Info) -> BackendStatus {
    let mut status = BackendStatus::default();
    (status.server, status.version) = servers::named(info);
    status.used_bytes = info.number("used_memory");
    status.max_bytes = info.number("maxmemory").filter(|&bytes| bytes > 0);
    status.eviction_policy = info.text("maxmemory_policy").map(str::to_owned);
    status.findings = diagnosis::bounds(info);
    status
}

#[cfg(test)]
mod tests {
    use super::*;
    use cache_core::FindingCode;

    #[test]
    fn servers_tell_their_name_and_bounds() {
        let redis = "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n# Memory\r\n\
                     used_memory:1024\r\nused_memory_rss:9\r\nmaxmemory:4096\r\n\
                     maxmemory_policy:allkeys-lru\r\n";
        let status = read(&Info::new(redis.to_owned()));
        assert_eq!((status.server.as_str(), status.version.as_str()), ("redis", "7.0.15"));
        assert_eq!((status.used_bytes, status.max_bytes), (Some(1024), Some(4096)));
        assert_eq!(status.eviction_policy.as_deref(), Some("allkeys-lru"));
        assert!(status.findings.is_empty());
        let valkey = "redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.0\r\n\
                      maxmemory:0\r\nmaxmemory_policy:noeviction\r\n";
        let status = read(&Info::new(valkey.to_owned()));
        assert_eq!((status.server.as_str(), status.version.as_str()), ("valkey", "8.1.0"));
        assert_eq!(status.max_bytes, None);
        let codes = |status: &BackendStatus| {
            status.findings.iter().map(|finding| finding.code).collect::<Vec<_>>()
        };
        assert_eq!(codes(&status), [FindingCode::UnboundedMemory]);
        let full = "maxmemory:5\r\nmaxmemory_policy:noeviction\r\n";
        assert_eq!(codes(&read(&Info::new(full.to_owned()))), [FindingCode::NoEviction]);
    }
}
