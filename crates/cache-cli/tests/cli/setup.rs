//! `setup` with the `redis-server` of this machine, and `--stop`.

use std::net::{Ipv4Addr, TcpListener};

use redis_test_server::TestServer;

use crate::support::{OF_THE_QUESTION, User};

/// A port of its own, and a server there that does not outlive the test.
struct Place {
    user: User,
    port: String,
}

impl Place {
    fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port().to_string();
        Self { user: User::new(), port }
    }

    fn arguments<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        [&["setup", "--port", &self.port, "--using", "local"], arguments].concat()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.user.run(self.arguments(&["--stop"]));
    }
}

#[test]
fn a_server_is_started_found_again_and_stopped() {
    let place = Place::new();
    let (user, url) = (&place.user, format!("redis://127.0.0.1:{}", place.port));
    let started = user.json(&place.arguments(&["--memory", "64mb"]));
    assert_eq!((&started["action"], &started["by"]), (&"started".into(), &"local".into()));
    assert_eq!(
        (&started["url"], &started["max_bytes"]),
        (&url.as_str().into(), &(64 << 20).into())
    );
    assert_eq!(started["eviction_policy"], "allkeys-lru");

    let status = user.json(&["status", "--redis-url", &url]);
    assert_eq!((&status["backend"], &status["max_bytes"]), (&"redis".into(), &(64 << 20).into()));
    assert_eq!(status["eviction_policy"], "allkeys-lru");
    assert_eq!(status["warnings"].as_array().unwrap().len(), 0);
    user.json(&["test", "--text", "x", "--redis-url", &url]);

    let again = user.run(place.arguments(&["--memory", "64mb"])).expect_code(0);
    assert!(again.stdout.contains("already runs"), "{}", again.stdout);
    let other = user.run(place.arguments(&["--memory", "128mb"])).expect_code(1);
    assert!(other.stdout.contains("64mb") && other.stdout.contains("--stop"), "{}", other.stdout);
    let other = user.run(place.arguments(&["--memory", "128mb", "--json"])).expect_code(1).json();
    assert_eq!(
        (&other["action"], &other["max_bytes"]),
        (&"left_as_it_is".into(), &(64 << 20).into())
    );
    assert_eq!(
        user.json(&["stats", "--redis-url", &url])["entries"],
        1 + OF_THE_QUESTION,
        "it was left alone"
    );

    assert_eq!(user.json(&place.arguments(&["--stop"]))["action"], "stopped");
    assert_eq!(user.json(&place.arguments(&["--stop"]))["action"], "nothing_to_stop");
    user.run(["status", "--redis-url", &url]).expect_code(3);
}

#[test]
fn the_limit_comes_from_the_settings_where_no_flag_sets_it() {
    let place = Place::new();
    let user = &place.user;
    let started = user.run(place.arguments(&[])).expect_code(0).stdout;
    assert!(
        started.contains("512mb") && started.contains("REDIS_URL=redis://127.0.0.1:"),
        "{started}"
    );
    assert!(started.contains("setup --port"), "it says how to stop: {started}");
    user.json(&place.arguments(&["--stop"]));
    let mut command = user.command();
    let output =
        command.args(place.arguments(&["--json"])).env("REDIS_MAX_MEMORY", "32mb").output();
    let started: serde_json::Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    assert_eq!(started["max_bytes"], 32 << 20);
}

#[test]
fn a_server_of_somebody_else_is_neither_changed_nor_stopped() {
    let redis = TestServer::builder().max_memory("64mb", "noeviction").start();
    let port = redis.port().to_string();
    let user = User::new();
    let run = user.run(["setup", "--port", &port, "--memory", "64mb"]).expect_code(1);
    assert!(run.stdout.contains("did not start") && run.stdout.contains("noeviction"), "{run:#?}");
    let run = user.run(["setup", "--port", &port, "--stop"]).expect_code(1);
    assert!(run.stdout.contains("left running"), "{run:#?}");
    assert_eq!(redis.command(&["PING"]), "PONG");
    assert_eq!(redis.command_calls("config|set"), 0);

    let fitting = TestServer::builder().max_memory("64mb", "allkeys-lru").start();
    let port = fitting.port().to_string();
    user.run(["setup", "--port", &port, "--memory", "64mb"]).expect_code(0);
    let closed = TestServer::builder().password("hunter2").start();
    let port = closed.port().to_string();
    let run = user.run(["setup", "--port", &port]).expect_code(1);
    assert!(run.complaint().contains("password"));
}

#[test]
fn a_port_in_use_is_an_error() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let run = User::new().run(["setup", "--port", &port]).expect_code(5);
    assert!(run.complaint().contains(&port) && run.complaint().contains("not Redis"));
}

#[test]
fn without_any_program_it_says_what_to_install() {
    let place = Place::new();
    let empty = place.user.home().to_str().unwrap().to_owned();
    for using in ["auto", "local", "docker"] {
        let arguments = ["setup", "--port", &place.port, "--using", using];
        let output = place.user.command().args(arguments).env("PATH", &empty).output().unwrap();
        let run = crate::support::Run::of(output).expect_code(5);
        let part = if using == "docker" { "Docker" } else { "apt-get install redis-server" };
        assert!(run.complaint().contains(part), "{run:#?}");
    }
}

#[test]
fn a_server_that_cannot_start_says_why() {
    let place = Place::new();
    // Where the server's folder is to be, there is a file.
    place.user.file("state", "");
    let run = place.user.run(place.arguments(&[])).expect_code(5);
    assert!(run.complaint().contains("redis-server"), "{run:#?}");
}
