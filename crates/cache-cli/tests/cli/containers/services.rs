//! Servers, checks and commands of the services, run.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::compose::{Service, service};
use crate::support::{Run, User};

const NODES: [u16; 6] = [7001, 7002, 7003, 7004, 7005, 7006];

/// A server that runs as its service says, but for its port and its folder.
struct Server {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl Server {
    fn start(command: &[String], port: u16) -> Self {
        let folder = TempDir::new().unwrap();
        let (program, flags) = command.split_first().unwrap();
        let mut command = Command::new(program);
        command.args(flags).current_dir(folder.path()).stdout(Stdio::null());
        let server = Self { process: command.spawn().unwrap(), port, folder };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(Instant::now() < deadline, "nothing answers on port {port}");
            thread::sleep(Duration::from_millis(10));
        }
        server
    }

    /// A directive's value.
    fn setting(&self, name: &str) -> String {
        let port = self.port.to_string();
        let mut client = Command::new("redis-cli");
        client.args(["-p", &port, "config", "get", name]);
        let run = Run::of(client.output().expect("redis-cli is there")).expect_code(0);
        run.stdout.lines().nth(1).unwrap_or_default().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only for a process that has already ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A free port whose bus port, 10,000 above, exists too.
fn free_port() -> u16 {
    loop {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        if port < 55_000 && TcpListener::bind((Ipv4Addr::LOCALHOST, port + 10_000)).is_ok() {
            return port;
        }
    }
}

fn shell(line: &str) -> Run {
    Run::of(Command::new("sh").args(["-c", line]).output().unwrap())
}

/// What the service's container prints: the image's entry point with the service's command.
fn run_in(service: &Service, url: &str) -> Run {
    let mut user = User::new().with("CACHE_BACKEND", "auto");
    for (name, value) in service.environment() {
        let value = if name == "REDIS_URL" { url } else { &value };
        user = user.with(&name, value);
    }
    user.run(service.command())
}

#[test]
fn the_redis_is_bounded_and_keeps_nothing_on_disk() {
    let redis = service("redis");
    let words: Vec<_> = redis.command();
    assert_eq!(
        words.join(" "),
        "redis-server --maxmemory 512mb --maxmemory-policy allkeys-lru --save  --appendonly no \
         --timeout 300 --tcp-keepalive 60"
    );
    assert_eq!(redis.ports(), ["127.0.0.1:6379:6379"]);
    let port = free_port();
    let server =
        Server::start(&[words, vec!["--port".to_owned(), port.to_string()]].concat(), port);
    for (name, value) in [
        ("maxmemory", "536870912"),
        ("maxmemory-policy", "allkeys-lru"),
        ("save", ""),
        ("appendonly", "no"),
        ("timeout", "300"),
        ("tcp-keepalive", "60"),
    ] {
        assert_eq!(server.setting(name), value, "{name}");
    }
    let check = redis.health_check().replace("redis-cli", &format!("redis-cli -p {port}"));
    shell(&check).expect_code(0);

    let cache = service("embedding-cache");
    assert_eq!(
        (cache.command(), cache.waits_for()),
        (vec!["status".to_owned()], vec!["redis".to_owned()])
    );
    let status = run_in(&cache, &format!("redis://127.0.0.1:{port}")).expect_code(0).stdout;
    assert!(status.contains("512 MiB") && status.contains("allkeys-lru"), "{status}");

    drop(server);
    assert_ne!(shell(&check).code, Some(0), "a check that always holds");
    run_in(&cache, &format!("redis://127.0.0.1:{port}")).expect_code(3);
}

#[test]
fn redis_has_a_browser() {
    let browser = service("redis-commander");
    assert_eq!(browser.ports(), ["127.0.0.1:8081:8081"]);
    let hosts = ("REDIS_HOSTS".to_owned(), "local:redis:6379".to_owned());
    assert!(browser.environment().contains(&hosts));
}

/// The ports of the file, in what it says, as those that were free here.
struct Ports([(u16, u16); 6]);

impl Ports {
    fn free() -> Self {
        Self(NODES.map(|port| (port, free_port())))
    }

    fn in_place(&self, text: &str) -> String {
        let replace =
            |text: String, (of, by): &(u16, u16)| text.replace(&of.to_string(), &by.to_string());
        self.0.iter().fold(text.to_owned(), replace)
    }
}

#[test]
fn six_nodes_become_a_cluster() {
    let ports = Ports::free();
    let mut servers = Vec::new();
    for (index, (port, free)) in ports.0.iter().enumerate() {
        let node = service(&format!("cluster-{}", index + 1));
        let command = node.command();
        assert_eq!(command[2..], ["--port".to_owned(), port.to_string()]);
        let configuration = node.mounted_at(&command[1]);
        let server = Server::start(
            &[command[0].clone(), configuration, "--port".to_owned(), free.to_string()],
            *free,
        );
        assert_eq!(server.setting("maxmemory-policy"), "allkeys-lru");
        shell(&ports.in_place(&node.health_check())).expect_code(0);
        servers.push(server);
    }
    let init = service("cluster-init");
    assert_eq!(init.waits_for().len(), NODES.len());
    let command: Vec<_> = init.command().iter().map(|word| ports.in_place(word)).collect();
    // As a second `up` does it: what is a cluster stays one.
    for _ in 0..2 {
        let run = Command::new(&command[0]).args(&command[1..]).output().unwrap();
        Run::of(run).expect_code(0);
    }

    let cache = service("embedding-cache-on-cluster");
    let environment = cache.environment();
    let (_, url) = environment.iter().find(|(name, _)| name == "REDIS_URL").unwrap();
    let url = ports.in_place(url);
    let status = run_in(&cache, &url).expect_code(0).stdout;
    assert!(status.contains("cluster"), "{status}");
    let user = User::of_redis(&url);
    let looked = user.json(&["monitor", "--once"]);
    let nodes = looked["nodes"].as_array().unwrap();
    let replicas = nodes.iter().filter(|node| node["role"] == "replica").count();
    assert_eq!((nodes.len(), replicas), (6, 3), "{looked}");
    assert!(user.json(&["test", "--text", "x"])["second"]["hit"].as_bool().unwrap());
    assert!(has_nodes_file(servers[0].folder.path()), "each node has a folder of its own");
}

fn has_nodes_file(folder: &Path) -> bool {
    folder.join("nodes.conf").exists()
}
