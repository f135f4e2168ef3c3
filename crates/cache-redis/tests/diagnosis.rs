//! What a diagnosis finds, each on a real server that has exactly that fault.
#![allow(clippy::unwrap_used)]

mod support;

use std::net::{IpAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use cache_core::{
    CacheBackend, CacheBackendExt, CacheKey, DiagnoseOptions, Finding, FindingCode, Severity,
    StoredValue, codec,
};
use cache_redis::RedisBackend;
use redis_test_server::{Builder, Fault, Proxy, TestServer};
use support::{connect, hour, keys, namespace, patient};

/// A server with a bound, a policy that evicts, and a password: nothing is wrong with it. Its slow
/// log is off, as any command may be slow on a machine that runs many tests.
fn sound() -> Builder {
    sound_with("64mb", "allkeys-lru")
}

fn sound_with(bytes: &str, policy: &str) -> Builder {
    let server = TestServer::builder().max_memory(bytes, policy).password("secret");
    server.directive("slowlog-log-slower-than", &["-1"])
}

async fn of_sound(server: &TestServer) -> RedisBackend {
    let url = format!("redis://:secret@127.0.0.1:{}", server.port());
    RedisBackend::connect_with(&patient(&url)).await.unwrap()
}

fn options() -> DiagnoseOptions {
    DiagnoseOptions::new(namespace("f"))
}

async fn findings(backend: &RedisBackend) -> Vec<Finding> {
    backend.diagnose(&options()).await.unwrap()
}

fn codes(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code.as_str()).collect()
}

/// The one thing that is wrong with a sound server after this was done to it.
async fn only(server: &TestServer) -> Finding {
    let mut findings = findings(&of_sound(server).await).await;
    assert_eq!(findings.len(), 1, "{findings:#?}");
    let finding = findings.remove(0);
    assert_sound(&finding);
    finding
}

/// It says what is found and what to do, in clauses that can be put together, and gives nothing away.
fn assert_sound(finding: &Finding) {
    for clause in [&finding.what, &finding.what_to_do] {
        assert!(!clause.is_empty() && !clause.ends_with('.'), "{finding:?}");
    }
    assert!(!finding.to_string().contains("secret"), "{finding}");
}

/// A vector's frame as far as it tells its format, and more.
fn frame(key: &CacheKey) -> Vec<u8> {
    codec::text::pack(key.hash(), b"an entry").unwrap()
}

async fn put(backend: &RedisBackend, key: &CacheKey, bytes: impl Into<bytes::Bytes>) {
    backend.put(key.clone(), StoredValue::new(bytes), hour()).await.unwrap();
}

#[tokio::test]
async fn a_sound_server_has_no_findings() {
    let server = sound().start();
    let backend = of_sound(&server).await;
    for key in keys("f", 20) {
        put(&backend, &key, frame(&key)).await;
    }
    assert_eq!(codes(&findings(&backend).await), [""; 0]);
    let called = server.command_as("secret", &["INFO", "commandstats"]);
    for harmful in ["cmdstat_config", "cmdstat_keys", "cmdstat_debug", "cmdstat_flush"] {
        assert!(!called.contains(harmful), "{called}");
    }
    for once in ["cmdstat_slowlog|get:calls=1,", "cmdstat_latency|latest:calls=1,"] {
        assert!(called.contains(once), "{called}");
    }
}

#[tokio::test]
async fn a_server_as_it_comes() {
    let server = TestServer::start();
    let found = findings(&connect(&server).await).await;
    assert_eq!(codes(&found), ["unbounded_memory", "no_password"]);
    assert!(found.iter().all(|finding| finding.severity == Severity::Warning));
}

#[tokio::test]
async fn a_server_that_does_not_evict() {
    let server = sound_with("64mb", "noeviction").start();
    let finding = only(&server).await;
    assert_eq!(finding.code, FindingCode::NoEviction);
    assert_eq!(finding.value("policy").unwrap().to_string(), "noeviction");
}

#[tokio::test]
async fn a_server_that_evicts_more_than_expires() {
    let server = sound_with("3mb", "allkeys-lru").start();
    let backend = of_sound(&server).await;
    for key in keys("f", 2_000) {
        put(&backend, &key, [&frame(&key)[..], &[7; 2_000]].concat()).await;
    }
    let finding = only(&server).await;
    assert_eq!((finding.code, finding.severity), (FindingCode::Evictions, Severity::Warning));
    assert!(finding.number("evicted").unwrap() > 100 && finding.number("hours") == Some(1));
}

#[tokio::test]
async fn a_replica_whose_primary_is_gone() {
    let mut primary = sound().start();
    let port = primary.port().to_string();
    let replica = sound()
        .directive("replicaof", &["127.0.0.1", &port])
        .directive("masterauth", &["secret"])
        .start();
    let backend = of_sound(&replica).await;
    until("the replica is linked", async || codes(&findings(&backend).await) == ["is_replica"])
        .await;
    primary.kill();
    until("the replica misses it", async || {
        codes(&findings(&backend).await) == ["is_replica", "primary_lost"]
    })
    .await;
    assert!(findings(&backend).await.iter().all(|it| it.severity == Severity::Problem));
}

/// A stopped process acknowledges nothing; its lag grows by a second each second.
#[tokio::test]
async fn a_replica_that_lags() {
    let primary = sound().start();
    let port = primary.port().to_string();
    let replica = sound()
        .directive("replicaof", &["127.0.0.1", &port])
        .directive("masterauth", &["secret"])
        .start();
    let linked = || primary.command_as("secret", &["INFO", "replication"]).contains("state=online");
    until("the replica is linked", async || linked()).await;
    replica.pause();
    let backend = of_sound(&primary).await;
    let lags = async || codes(&findings(&backend).await) == ["replica_lags"];
    until("the replica lags", lags).await;
    let finding = only(&primary).await;
    assert!(finding.number("seconds").unwrap() > 10 && finding.number("replicas") == Some(1));
    replica.resume();
}

async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !is_so().await {
        assert!(start.elapsed() < Duration::from_secs(40), "it never came about that {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_cluster_that_lacks_slots() {
    let server = sound().directive("cluster-enabled", &["yes"]).start();
    server.command_as("secret", &["CLUSTER", "ADDSLOTSRANGE", "0", "16000"]);
    let finding = only(&server).await;
    assert_eq!((finding.code, finding.severity), (FindingCode::SlotsMissing, Severity::Problem));
    assert_eq!(finding.number("slots"), Some(16_001));
    server.command_as("secret", &["CLUSTER", "ADDSLOTSRANGE", "16001", "16383"]);
    let backend = of_sound(&server).await;
    until("all slots are served", async || findings(&backend).await.is_empty()).await;
}

#[tokio::test]
async fn a_server_that_cannot_save() {
    let folder = tempfile::tempdir().unwrap();
    let server = sound()
        .directive("dir", &[&folder.path().display().to_string()])
        .directive("stop-writes-on-bgsave-error", &["no"])
        .start();
    drop(folder);
    server.command_as("secret", &["BGSAVE"]);
    let backend = of_sound(&server).await;
    until("saving has failed", async || codes(&findings(&backend).await) == ["persistence_fails"])
        .await;
    let finding = only(&server).await;
    assert_eq!(finding.value("what").unwrap().to_string(), "rdb");
}

#[tokio::test]
async fn slow_commands() {
    let server = sound()
        .directive("enable-debug-command", &["yes"])
        .directive("slowlog-log-slower-than", &["10000"])
        .start();
    server.command_as("secret", &["DEBUG", "SLEEP", "0.05"]);
    server.command_as("secret", &["DEBUG", "SLEEP", "0.02"]);
    let finding = only(&server).await;
    assert_eq!((finding.code, finding.number("commands")), (FindingCode::SlowCommands, Some(2)));
    assert!((50..5_000).contains(&finding.number("millis").unwrap()));
    assert_eq!(finding.value("command").unwrap().to_string(), "debug");
}

/// The slow log is off here: only the latency monitor has seen it.
#[tokio::test]
async fn a_server_that_was_held_up() {
    let server = sound()
        .directive("enable-debug-command", &["yes"])
        .directive("latency-monitor-threshold", &["100"])
        .start();
    let backend = of_sound(&server).await;
    assert_eq!(codes(&findings(&backend).await), [""; 0], "the monitor has noted nothing");
    server.command_as("secret", &["DEBUG", "SLEEP", "0.3"]);
    server.command_as("secret", &["DEBUG", "SLEEP", "0.15"]);
    let finding = only(&server).await;
    assert_eq!((finding.code, finding.severity), (FindingCode::Stalls, Severity::Warning));
    assert_eq!(finding.value("event").unwrap().to_string(), "command");
    assert!((150..5_000).contains(&finding.number("millis").unwrap()), "{finding:?}");
    assert!((300..5_000).contains(&finding.number("most_millis").unwrap()), "{finding:?}");
}

#[tokio::test]
async fn what_the_slow_log_says_the_latency_monitor_does_not_say_again() {
    let server = sound()
        .directive("enable-debug-command", &["yes"])
        .directive("latency-monitor-threshold", &["100"])
        .directive("slowlog-log-slower-than", &["10000"])
        .start();
    server.command_as("secret", &["DEBUG", "SLEEP", "0.2"]);
    assert_eq!(only(&server).await.code, FindingCode::SlowCommands);
}

/// One key in sixteen stays of what fills the server's pages: they can't be given back.
#[tokio::test]
async fn fragmented_memory() {
    const LEAVE_FEW: &str =
        "for i = 0, 199999 do if i % 16 ~= 0 then redis.call('DEL', 'g:' .. i) end end";
    let server = sound_with("512mb", "allkeys-lru")
        .directive("enable-debug-command", &["yes"])
        .directive("activedefrag", &["no"])
        .start();
    server.command_as("secret", &["DEBUG", "POPULATE", "200000", "g", "1000"]);
    server.command_as("secret", &["EVAL", LEAVE_FEW, "0"]);
    let finding = only(&server).await;
    assert_eq!((finding.code, finding.severity), (FindingCode::Fragmentation, Severity::Warning));
    assert!(finding.number("percent").unwrap() > 150, "{finding:?}");
    assert!(finding.number("bytes").unwrap() > 64 << 20, "{finding:?}");
}

/// By an address of this machine that another machine could use.
#[tokio::test]
async fn a_connection_that_is_not_encrypted() {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    // Sends nothing: it only chooses the way.
    socket.connect("192.0.2.1:9").expect("this test needs a network interface with a route");
    let own = socket.local_addr().unwrap().ip();
    assert!(matches!(own, IpAddr::V4(address) if !address.is_loopback()), "{own}");
    let server = sound().tls().directive("bind", &["0.0.0.0"]).start();
    let plain = patient(&format!("redis://:secret@{own}:{}", server.port()));
    let backend = RedisBackend::connect_with(&plain).await.unwrap();
    let found = findings(&backend).await;
    assert_eq!(codes(&found), ["no_tls"]);
    assert_eq!(found[0].severity, Severity::Warning);
    assert_sound(&found[0]);
    let encrypted = patient(&format!("rediss://:secret@{own}:{}", server.tls_port()))
        .with_ca_certificate(server.ca_pem())
        .with_server_name("localhost");
    let backend = RedisBackend::connect_with(&encrypted).await.unwrap();
    assert_eq!(codes(&findings(&backend).await), [""; 0]);
}

/// What a real server says, but for one thing: what no test can bring about on a server of its own.
async fn doctored(after: &'static str, with: &'static str) -> Finding {
    let server = sound().start();
    let proxy = Proxy::start(server.port());
    let url = format!("redis://:secret@127.0.0.1:{}", proxy.port());
    let backend = RedisBackend::connect_with(&patient(&url)).await.unwrap();
    assert_eq!(codes(&findings(&backend).await), [""; 0], "nothing else is wrong with it");
    proxy.set_fault(Fault::Overwrite { after, with });
    let mut found = findings(&backend).await;
    assert_eq!(found.len(), 1, "{found:#?}");
    let finding = found.remove(0);
    assert_sound(&finding);
    finding
}

#[tokio::test]
async fn a_clock_that_is_wrong() {
    // The seconds of what TIME answers: in September 2001.
    let finding = doctored("*2\r\n$10\r\n", "1000000000").await;
    assert_eq!((finding.code, finding.severity), (FindingCode::ClockSkew, Severity::Warning));
    assert!(finding.number("millis").unwrap() > 700_000_000_000, "{finding:?}");
}

/// What an answer takes on its way is no difference of clocks.
#[tokio::test]
async fn a_clock_that_is_right_but_far_away() {
    let server = sound().start();
    let proxy = Proxy::start(server.port());
    let url = format!("redis://:secret@127.0.0.1:{}", proxy.port());
    let backend = RedisBackend::connect_with(&patient(&url)).await.unwrap();
    proxy.set_fault(Fault::Delay(Duration::from_millis(2_500)));
    assert_eq!(codes(&findings(&backend).await), [""; 0]);
}

#[tokio::test]
async fn a_server_that_is_old() {
    let finding = doctored("redis_version:", "6.2.14\r\n").await;
    assert_eq!((finding.code, finding.severity), (FindingCode::OldServer, Severity::Warning));
    assert_eq!(finding.value("version").unwrap().to_string(), "6.2.14");
    assert_eq!(finding.value("needed").unwrap().to_string(), "7.0");
}

#[tokio::test]
async fn a_fork_that_took_long() {
    let finding = doctored("latest_fork_usec:", "300000\r\n").await;
    assert_eq!((finding.code, finding.severity), (FindingCode::SlowFork, Severity::Warning));
    assert_eq!(finding.number("millis"), Some(300));
}

#[tokio::test]
async fn a_disk_that_is_slow() {
    let finding = doctored("aof_enabled:", "0\r\naof_delayed_fsync:7\r\n").await;
    assert_eq!((finding.code, finding.severity), (FindingCode::SlowDisk, Severity::Warning));
    assert_eq!(finding.number("times"), Some(7));
}

#[tokio::test]
async fn others_under_the_prefix() {
    let server = sound().start();
    let backend = of_sound(&server).await;
    for key in keys("f", 3) {
        put(&backend, &key, frame(&key)).await;
    }
    for foreign in ["f:users:7", "f:queue", "g:users"] {
        server.command_as("secret", &["SET", foreign, "theirs"]);
    }
    let finding = only(&server).await;
    assert_eq!((finding.code, finding.severity), (FindingCode::ForeignKeys, Severity::Warning));
    assert_eq!((finding.number("keys"), finding.number("looked_at")), (Some(2), Some(5)));
    assert!(!finding.to_string().contains("users"), "a key is shown");
    let none = backend.diagnose(&options().with_sample(0)).await.unwrap();
    assert!(none.is_empty(), "no key is looked at when none is asked for");
}

#[tokio::test]
async fn entries_of_another_format() {
    let server = sound().start();
    let backend = of_sound(&server).await;
    let keys = keys("f", 5);
    for key in &keys[..3] {
        put(&backend, key, frame(key)).await;
    }
    let mut future = frame(&keys[3]);
    future[2] = 9;
    put(&backend, &keys[3], future).await;
    server.command_as("secret", &["RPUSH", &keys[4].to_string(), "theirs"]);
    let finding = only(&server).await;
    assert_eq!(finding.code, FindingCode::UnreadableEntries);
    assert_eq!((finding.number("entries"), finding.number("looked_at")), (Some(2), Some(5)));
}

#[tokio::test]
async fn few_connections_left() {
    let server = sound().directive("maxclients", &["10"]).start();
    let address = ("127.0.0.1", server.port());
    let others: Vec<_> = (0..8).map(|_| TcpStream::connect(address).unwrap()).collect();
    let finding = only(&server).await;
    assert_eq!((finding.code, finding.number("most")), (FindingCode::FewConnections, Some(10)));
    assert!((8..=10).contains(&finding.number("clients").unwrap()));
    drop(others);
}

#[tokio::test]
async fn rights_that_lack() {
    let rights = ["on", ">pw", "~f:*", "+get", "+ping"];
    let server = sound().user("reader", &rights).start();
    let url = format!("redis://reader:pw@127.0.0.1:{}", server.port());
    let backend = RedisBackend::connect_with(&patient(&url)).await.unwrap();
    let found = findings(&backend).await;
    let denied: Vec<_> = found
        .iter()
        .filter(|finding| finding.code == FindingCode::NotAllowed)
        .map(|finding| finding.value("command").unwrap().to_string())
        .collect();
    assert_eq!(denied, ["info", "acl getuser", "time", "slowlog get", "latency latest", "scan"]);
    let tracking = found.iter().find(|it| it.code == FindingCode::NoTracking).unwrap();
    assert_eq!(tracking.value("reason").unwrap().to_string(), "client tracking");
    assert!(found.iter().all(|finding| finding.severity == Severity::Info), "{found:?}");
}

#[tokio::test]
async fn a_server_that_is_gone_is_an_error() {
    let mut server = sound().start();
    let backend = of_sound(&server).await;
    server.kill();
    let error = backend.diagnose(&options()).await.unwrap_err();
    assert_eq!(error.kind(), cache_core::ErrorKind::Unavailable);
}
