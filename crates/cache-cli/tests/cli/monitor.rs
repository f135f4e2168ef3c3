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
fn prometheus_gets_the_same_as_the_reference_says() {
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
    for line in shown.lines().filter(|line| line.starts_with("cache_")) {
        let (name, labels) = name_and_labels(line);
        let documented = documented().find(|row| row.names.contains(&name));
        let documented = documented.unwrap_or_else(|| panic!("{name} is not in docs/metrics.md"));
        assert_eq!(labels, documented.labels, "{line}");
    }
    // Those of a store that is no Redis apart.
    for name in documented().filter_map(|row| row.names.first().copied()) {
        let is_published = |prefix: &&str| name.starts_with(&format!("cache_{prefix}_"));
        if ["redis", "embedding", "response", "monitor"].iter().any(is_published) {
            let mut published = shown.lines().map(|line| name_and_labels(line).0);
            assert!(published.any(|published| published == name), "nothing gives {name}");
        }
    }
    let second = user.run(["monitor", "--listen", &address]).expect_code(5);
    assert!(second.complaint().contains(&address), "{second:#?}");
    assert_eq!(monitor.interrupt().0, Some(130));
}

#[test]
fn a_store_without_servers_has_figures_of_its_own() {
    let user = User::new();
    let address = format!("127.0.0.1:{}", free_port());
    let mut monitor = Running::start(&user, &["--listen", &address]);
    assert!(monitor.line().contains(&address));
    let shown = scrape(address.rsplit(':').next().unwrap().parse().unwrap());
    for name in ["cache_store_used_bytes", "cache_store_max_bytes"] {
        assert!(shown.contains(&format!("{name}{{store=\"embedded\"}}")), "{name}: {shown}");
        assert_eq!(documented().find(|row| row.names == [name]).unwrap().labels, ["store"]);
    }
}

#[test]
fn nothing_asks_for_a_metric_that_is_not_there() {
    for (what, text) in TEXTS {
        for name in names_in(text) {
            let there = documented().any(|row| row.names.iter().any(|known| is_of(name, known)));
            assert!(there, "{what} asks for {name}, and nothing gives it");
        }
    }
}

/// A ratio that leaves a cause of misses out is wrong, and looks right.
#[test]
fn the_dashboard_counts_lookups_of_every_kind() {
    let (_, dashboard) = TEXTS[0];
    let services = [
        ("embedding", caching_with_redis::embedding::Statistics::DESCRIPTIONS),
        ("response", caching_with_redis::response::Statistics::DESCRIPTIONS),
    ];
    for (service, counts) in services {
        let is_lookup = |name: &str| name.starts_with("misses_") || is_hit(name);
        for (name, _) in counts.iter().filter(|(name, _)| is_lookup(name)) {
            let metric = format!("cache_{service}_{name}_total");
            assert!(names_in(dashboard).contains(&metric.as_str()), "{metric} is left out");
        }
    }
}

fn is_hit(name: &str) -> bool {
    matches!(name, "hits" | "stale_hits" | "semantic_hits")
}

const REFERENCE: &str = include_str!("../../../../docs/metrics.md");

/// What asks for metrics.
const TEXTS: [(&str, &str); 4] = [
    ("the dashboard", include_str!("../../../../docs/grafana-dashboard.json")),
    ("observability.md", include_str!("../../../../docs/observability.md")),
    ("ko/observability.md", include_str!("../../../../docs/ko/observability.md")),
    ("the README of cache-metrics", include_str!("../../../cache-metrics/README.md")),
];

/// A row of the reference.
struct Documented {
    names: Vec<&'static str>,
    labels: Vec<&'static str>,
}

fn documented() -> impl Iterator<Item = Documented> {
    let rows = REFERENCE.lines().filter(|line| line.starts_with("| `cache_"));
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').collect();
        let words = |cell: &'static str| cell.split('`').skip(1).step_by(2).collect();
        Documented { names: words(cells[1]), labels: words(cells[4]) }
    })
}

/// Of a line of an exporter.
fn name_and_labels(line: &str) -> (&str, Vec<&str>) {
    let end = line.find(['{', ' ']).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    let labels = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
    let labels = labels.map_or("", |(labels, _)| labels).split(',');
    (name, labels.filter_map(|label| Some(label.split_once('=')?.0)).collect())
}

/// Histograms are asked for by their parts.
fn is_of(name: &str, metric: &str) -> bool {
    let part = name.strip_prefix(metric);
    part.is_some_and(|part| matches!(part, "" | "_bucket" | "_sum" | "_count"))
}

/// The names of metrics in a text.
fn names_in(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let groups = "store provider redis embedding response monitor guard near process";
    // One that ends so stands for many; spans have names without a second part.
    let is_name = |word: &&str| {
        let known = |group| word.starts_with(&format!("cache_{group}_"));
        groups.split(' ').any(known) && !word.ends_with('_')
    };
    let names: Vec<_> = words.filter(is_name).collect();
    assert!(names.len() > 5, "the text has metrics");
    names
}
