//! Where an old cache is, where it goes, and who may read it.

use openai_test_server::TestServer as Service;
use redis_test_server::TestServer;

use super::{MODEL, as_model, golden, numbers, user_of};
use crate::support::User;

const PASSWORD: &str = "s3cret-p4ss";

fn filled(server: TestServer) -> TestServer {
    golden("redisvl 0.28.0").iter().for_each(|golden| golden.put(&server));
    server
}

#[test]
fn the_same_server_is_the_default() {
    let server = filled(TestServer::start());
    let import = ["import", "redisvl", "--as-model", MODEL, "--dimensions", "4"];
    assert_eq!(numbers(&user_of(&server).json(&import)), [5, 0, 0, 0]);
    // Also for a cache that is a file.
    let user = User::new().with("REDIS_URL", &server.url());
    let answer = user.json(&import);
    assert_eq!(numbers(&answer), [5, 0, 0, 0]);
    assert_eq!(user.json(&["stats"])["entries"], 5);
    assert!(answer["from"].as_str().unwrap().contains(&server.port().to_string()), "{answer}");
}

#[test]
fn another_server_has_settings_of_its_own() {
    let old = filled(TestServer::builder().password(PASSWORD).tls().start());
    let new = TestServer::builder().password("of the new one").start();
    let user = user_of(&new).with("REDIS_PASSWORD", "of the new one");
    let certificate = user.file("ca.pem", old.ca_pem());
    let user = user
        .with("FROM_REDIS_URL", &old.tls_url())
        .with("FROM_REDIS_CA_FILE", certificate.to_str().unwrap());
    let import = ["import", "redisvl", "--as-model", MODEL, "--dimensions", "4"];
    // What opens the new one is not tried at the old one.
    let refused = user.run(import).expect_code(3);
    assert!(refused.stderr.contains("password"), "{refused:#?}");
    let user = user.with("FROM_REDIS_PASSWORD", "wrong-p4ss");
    let refused = user.run([&import[..], &["-vv"]].concat()).expect_code(3);
    assert!(!format!("{refused:?}").contains("wrong-p4ss"), "{refused:#?}");
    let user = user.with("FROM_REDIS_PASSWORD", PASSWORD);
    let run = user.run([&import[..], &["-vv", "--json"]].concat()).expect_code(0);
    assert_eq!(numbers(&serde_json::from_str(run.stdout.trim()).unwrap()), [5, 0, 0, 0]);
    assert!(!format!("{run:?}").contains(PASSWORD), "{run:#?}");
    let both = user.with("FROM_REDIS_PASSWORD_FILE", "/nowhere").run(import).expect_code(2);
    assert!(both.complaint().contains("FROM_"), "{both:#?}");
}

/// A server without a password refuses whoever sends one.
#[test]
fn the_settings_file_is_about_the_new_cache_only() {
    let old = filled(TestServer::start());
    let new = TestServer::builder().password(PASSWORD).start();
    let user = User::new().with("CACHE_BACKEND", "redis");
    let (url, from) = (new.url(), old.url());
    user.file("cache.toml", format!("redis_url = {url:?}\nredis_password = {PASSWORD:?}\n"));
    assert_eq!(numbers(&user.json(&as_model(&["redisvl"], &from))), [5, 0, 0, 0]);
}

#[test]
fn least_rights_are_enough_and_less_is_said() {
    let rules = ["on", ">s3cret", "~embedcache:*", "+ping", "+info", "+select", "+scan"];
    let reading = ["+hstrlen", "+hmget", "+pttl"];
    for (more, code) in [(&reading[..], 0), (&reading[..2], 3)] {
        let rules = [&rules[..], more].concat();
        let old = filled(TestServer::builder().user("reader", &rules).start());
        let from = old.url().replacen("://", "://reader:s3cret@", 1);
        let run = User::new().run(as_model(&["redisvl"], &from)).expect_code(code);
        assert!(!format!("{run:?}").contains("s3cret"), "{run:#?}");
    }
}

#[test]
fn nobody_there_is_said() {
    let user = User::new();
    let run = user.run(as_model(&["redisvl"], "redis://127.0.0.1:1")).expect_code(3);
    assert!(run.complaint().contains("127.0.0.1:1"), "{run:#?}");
    let run = user.run(as_model(&["redisvl"], "http://127.0.0.1")).expect_code(2);
    assert!(!run.complaint().is_empty());
    let missing = ["langchain", "nowhere.txt", "--prefix", ""];
    user.run(as_model(&missing, "redis://127.0.0.1:1")).expect_code(5).complaint();
    user.run(["import"]).expect_code(2);
    user.run(["import", "langchain", "-"]).expect_code(2);
}

#[test]
fn a_deployment_s_model_must_be_known_and_nobody_is_asked() {
    let service = Service::builder().deployment("ours", MODEL).start_blocking();
    let old = TestServer::start();
    let vector: Vec<f64> = (0..1_536).map(|n| f64::from(n) / 65_536.0).collect();
    let mut golden = golden("redisvl 0.28.0").remove(0);
    golden.fields.insert("embedding".to_owned(), format!("{vector:?}"));
    golden.put(&old);
    let user = User::new()
        .with("AZURE_OPENAI_ENDPOINT", service.url())
        .with("AZURE_OPENAI_API_KEY", "test-key")
        .with("AZURE_OPENAI_EMBEDDINGS_DEPLOYMENT", "ours");
    let url = old.url();
    let import = ["import", "redisvl", "--from", &url, "--dimensions", "1536"];
    let early = user.run(import).expect_code(2);
    assert!(early.complaint().contains("cache-cli test"), "{early:#?}");
    assert_eq!(service.requests().len(), 0);
    user.json(&["test", "--text", "hello"]);
    let asked = service.requests().len();
    assert_eq!(numbers(&user.json(&import)), [1, 0, 0, 0]);
    assert_eq!(user.json(&["get", &golden.text])["hit"], true);
    assert_eq!(service.requests().len(), asked);
    let wrong =
        ["import", "redisvl", "--from", &url, "--dimensions", "512", "--provider", "lexical"];
    let wrong = user.run(wrong).expect_code(2);
    assert!(wrong.complaint().contains("384"), "{wrong:#?}");
}

/// The store is silent for longer than a call waits, and the work goes on.
#[cfg(unix)]
#[test]
fn a_store_that_pauses_does_not_end_the_work() {
    use std::io::Write;
    use std::process::Stdio;
    use std::time::Duration;

    let old = TestServer::start();
    let entries = golden("langchain-classic 1.0.8 sha256");
    entries.iter().for_each(|golden| golden.put(&old));
    let new = TestServer::start();
    let (user, url) = (user_of(&new), old.url());
    let import = as_model(&["langchain", "-", "--prefix", MODEL, "--batch", "1", "--json"], &url);
    let mut child = user
        .command()
        .args(import)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let lines = super::lines_of(&entries);
    let (first, rest) = lines.split_at(lines.find('\n').unwrap() + 1);
    stdin.write_all(first.as_bytes()).unwrap();
    new.wait("has the first entry", |new| new.command(&["DBSIZE"]) == "1");
    new.pause();
    stdin.write_all(rest.as_bytes()).unwrap();
    drop(stdin);
    std::thread::sleep(Duration::from_millis(900));
    new.resume();
    let run = crate::support::Run::of(child.wait_with_output().unwrap()).expect_code(0);
    assert_eq!(numbers(&run.json()), [5, 0, 0, 0]);
}
