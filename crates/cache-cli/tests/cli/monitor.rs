//! `monitor`, with real servers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use redis_test_server::{TestCluster, TestServer};
use serde_json::Value;

use crate::support::{User, has_hangul};

/// A monitor that goes on until it is ended.
struct Running {
    child: Child,
    stdout: BufReader<std::process::ChildStdout>,
}

impl Running {
    fn start(user: &User, arguments: &[&str]) -> Self {
        let mut command = user.command();
        command.arg("monitor").args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.stdout.read_line(&mut line).unwrap() > 0, "the monitor has ended");
        line
    }

    fn object(&mut self) -> Value {
        serde_json::from_str(&self.line()).unwrap()
    }

    /// Interrupts it; gives its exit code and what it said about that.
    fn interrupt(mut self) -> (Option<i32>, String) {
        let interrupt = format!("kill -s INT {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &interrupt]).status().unwrap().success());
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap().code(), said)
    }
}

impl Drop for Running {
    /// For a test that fails half-way.
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// A port that nobody uses.
fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// What an exporter answers.
fn scrape(port: u16) -> String {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let request = "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer
}

#[test]
fn one_look_shows_servers_commands_and_caches() {
    let redis = TestServer::builder().max_memory("64mb", "allkeys-lru").start();
    let user = User::of_redis(&redis.url());
    user.json(&["test", "--text", "x"]);
    let look = user.json(&["monitor", "--once"]);
    assert_eq!((&look["backend"], &look["seconds"]), (&"redis".into(), &Value::Null));
    let node = &look["nodes"][0];
    assert_eq!(node["node"], format!("127.0.0.1:{}", redis.port()));
    assert_eq!((&node["role"], &node["max_bytes"]), (&"primary".into(), &(64 << 20).into()));
    assert!(node["used_bytes"].as_u64().unwrap() > 0 && node["error"].is_null());
    assert!(node["hit_ratio"].as_f64().unwrap() > 0.0 && node["evicted_per_second"].is_null());
    let commands = look["commands"].as_array().unwrap();
    assert!(commands.iter().any(|command| command["name"] == "set"), "{commands:?}");
    let shares: f64 = commands.iter().map(|command| command["share"].as_f64().unwrap()).sum();
    assert!(shares > 0.5 && shares < 1.001, "{shares}");
    assert_eq!(
        (&look["embeddings"]["hits"], &look["embeddings"]["misses"]),
        (&1.into(), &1.into())
    );
    assert_eq!(look["embeddings"]["hit_ratio"], 0.5);

    let shown = user.run(["monitor", "--once"]).expect_code(0).stdout;
    for part in ["ops/s", "64 MiB", "share of time", "Embeddings", "50.0 %"] {
        assert!(shown.contains(part), "no {part:?} in {shown}");
    }
    assert!(!shown.contains('\u{1b}'), "nothing for a terminal: {shown}");
    let korean = user.run(["monitor", "--once", "--lang", "ko"]).expect_code(0).stdout;
    assert!(has_hangul(&korean) && korean.contains("초당 명령"), "{korean}");
}

#[test]
fn looks_follow_each_other_with_what_has_changed() {
    let redis = TestServer::start();
    let user = User::of_redis(&redis.url());
    let mut monitor = Running::start(&user, &["--every", "200ms", "--json"]);
    monitor.object();
    for n in 0..5 {
        assert_eq!(redis.command(&["GET", &format!("missing {n}")]).trim(), "");
    }
    let mut missed = false;
    while !missed {
        let look = monitor.object();
        let seconds = look["seconds"].as_f64().unwrap();
        assert!((0.1..30.0).contains(&seconds), "{seconds}");
        let node = &look["nodes"][0];
        assert!(node["ops_per_second"].as_f64().unwrap() > 0.0);
        assert_eq!(node["evicted_per_second"], 0.0);
        missed = node["hit_ratio"] == 0.0;
    }
    let (code, said) = monitor.interrupt();
    assert_eq!((code, said.contains("interrupted")), (Some(130), true), "{said}");
}

#[test]
fn a_store_without_servers_says_what_it_can() {
    let user = User::new();
    user.json(&["test", "--text", "x"]);
    let look = user.json(&["monitor", "--once"]);
    assert_eq!(
        (&look["backend"], &look["store"]["server"]),
        (&"embedded".into(), &"sqlite".into())
    );
    assert!(look["store"]["used_bytes"].as_u64().unwrap() > 0);
    assert_eq!((&look["nodes"], &look["embeddings"]["hits"]), (&Value::Array(vec![]), &1.into()));
    let shown = user.run(["monitor", "--once"]).expect_code(0).stdout;
    assert!(shown.contains("sqlite") && shown.contains("Answers"), "{shown}");
    let memory = user.with("CACHE_BACKEND", "memory").json(&["monitor", "--once"]);
    assert_eq!((&memory["backend"], &memory["embeddings"]["hits"]), (&"memory".into(), &0.into()));
}

#[test]
fn every_node_of_a_cluster_is_shown() {
    let cluster = TestCluster::start();
    let user = User::of_redis(&cluster.url());
    let look = user.json(&["monitor", "--once"]);
    let nodes = look["nodes"].as_array().unwrap();
    let role = |role: &str| nodes.iter().filter(|node| node["role"] == role).count();
    assert_eq!((role("primary"), role("replica")), (3, 3), "{nodes:#?}");
}

#[test]
fn a_store_that_is_not_there_is_an_error_and_one_that_goes_is_told() {
    User::of_redis("redis://127.0.0.1:1").run(["monitor", "--once"]).expect_code(3);
    let mut redis = TestServer::start();
    let user = User::of_redis(&redis.url());
    let mut monitor = Running::start(&user, &["--every", "100ms", "--json"]);
    monitor.object();
    redis.kill();
    let mut stderr = BufReader::new(monitor.child.stderr.take().unwrap());
    let mut said = String::new();
    stderr.read_line(&mut said).unwrap();
    assert!(said.contains("\"kind\":\"unavailable\""), "{said}");
    redis.restart();
    while monitor.object()["nodes"][0]["role"] != "primary" {}
}

#[test]
fn prometheus_gets_the_same_and_the_dashboard_asks_for_nothing_else() {
    let redis = TestServer::builder().max_memory("64mb", "allkeys-lru").start();
    let _replica = TestServer::builder().replica_of(&redis).start();
    let user = User::of_redis(&redis.url());
    user.json(&["test", "--text", "a text that no label may hold"]);
    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    let mut monitor = Running::start(&user, &["--listen", &address, "--every", "100ms"]);
    assert!(monitor.line().contains(&format!("http://{address}/metrics")));
    let node = format!("node=\"127.0.0.1:{}\"", redis.port());
    // The replica is there once it follows.
    let mut shown = scrape(port);
    while !shown.contains("cache_redis_replica_behind_bytes{") {
        shown = scrape(port);
    }
    for part in [
        &format!("cache_redis_max_bytes{{{node},role=\"primary\"}} 67108864"),
        &format!("cache_redis_up{{{node}}} 1"),
        "cache_embedding_hits_total{namespace=\"cache\"} 1",
        "cache_embedding_hit_ratio{namespace=\"cache\"} 0.5",
        "cache_monitor_up 1",
        "# HELP cache_redis_evicted_keys_total Keys dropped for want of memory",
    ] {
        assert!(shown.contains(part), "no {part} in {shown}");
    }
    assert!(!shown.contains("a text that no label may hold"));
    for text in TEXTS {
        for name in names_in(text) {
            let recorded = cache_metrics::METRICS.iter().any(|metric| is_of(&name, metric.name));
            let published = shown.lines().any(|line| line.split(['{', ' ']).next() == Some(&name));
            assert!(recorded || published, "{name} is asked for, and nothing gives it");
        }
    }
    let second = user.run(["monitor", "--listen", &address]).expect_code(5);
    assert!(second.complaint().contains(&address), "{second:#?}");
    assert_eq!(monitor.interrupt().0, Some(130));
}

/// What asks for metrics.
const TEXTS: [&str; 3] = [
    include_str!("../../../../docs/grafana-dashboard.json"),
    include_str!("../../../../docs/observability.md"),
    include_str!("../../../../docs/ko/observability.md"),
];

/// Histograms are asked for by their parts.
fn is_of(name: &str, metric: &str) -> bool {
    let part = name.strip_prefix(metric);
    part.is_some_and(|part| matches!(part, "" | "_bucket" | "_sum" | "_count"))
}

/// The names of metrics in a text.
fn names_in(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let prefixes = ["store", "provider", "redis", "embedding", "response", "monitor"];
    // One that ends so stands for many.
    let is_name = |word: &&str| {
        let known = |prefix| word.starts_with(&format!("cache_{prefix}_"));
        prefixes.iter().any(known) && !word.ends_with('_')
    };
    let names: Vec<_> = words.filter(is_name).map(str::to_owned).collect();
    assert!(names.len() > 5, "the text has metrics");
    names
}
