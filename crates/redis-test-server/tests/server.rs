//! The test servers themselves.
#![allow(clippy::unwrap_used)]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use redis_test_server::{Fault, OptionalServer, Proxy, TestServer};

fn ping(mut stream: impl Read + Write) -> std::io::Result<String> {
    stream.write_all(b"PING\r\n")?;
    let mut answer = [0; 7];
    stream.read_exact(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    stream
}

#[test]
fn it_starts_stops_and_starts_again_on_its_port() {
    let mut server = TestServer::start();
    let port = server.port();
    assert_eq!(server.command(&["SET", "k", "v"]), "OK");
    assert_eq!(server.command_calls("set"), 1);
    assert_eq!(server.command_calls("get"), 0);
    server.kill();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "a killed server is gone");
    server.restart();
    assert_eq!(server.port(), port);
    assert_eq!(server.command(&["EXISTS", "k"]), "0", "it starts empty");
    drop(server);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "a dropped server is gone");
}

#[test]
fn a_paused_server_accepts_and_is_silent() {
    let server = TestServer::start();
    server.pause();
    let silent = ping(connect(server.port())).unwrap_err();
    assert!(matches!(silent.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{silent}");
    server.resume();
    assert_eq!(ping(connect(server.port())).unwrap(), "+PONG\r\n");
}

#[test]
fn options_take_effect() {
    let server = TestServer::builder()
        .password("p \"quoted\" \\ w")
        .user("reader", &["on", ">secret", "~app:*", "+get"])
        .max_memory("8mb", "allkeys-lru")
        .unix_socket()
        .tls()
        .directive("databases", &["4"])
        .start();
    assert!(ping(connect(server.port())).unwrap().starts_with("-NOAUTH"));
    assert!(server.command(&["INFO", "memory"]).contains("maxmemory:8388608\r\n"));
    let users = server.command(&["ACL", "WHOAMI"]);
    assert_eq!(users, "default");
    let path = server.unix_url();
    let socket = UnixStream::connect(path.strip_prefix("unix://").unwrap()).unwrap();
    assert!(ping(socket).unwrap().starts_with("-NOAUTH"));
    assert!(server.ca_pem().contains("BEGIN CERTIFICATE"));
    assert!(TcpStream::connect(("127.0.0.1", server.tls_port())).is_ok());
    assert!(server.tls_url().starts_with("rediss://localhost:"));
}

#[test]
fn the_proxy_counts_delays_and_cuts() {
    let server = TestServer::start();
    let proxy = Proxy::start(server.port());
    proxy.set_hold(Duration::from_millis(50));
    let port = proxy.url().rsplit(':').next().unwrap().parse().unwrap();
    let mut client = connect(port);
    let mut answers = [0; 14];
    client.write_all(b"PING\r\n").unwrap();
    std::thread::sleep(Duration::from_millis(10));
    client.write_all(b"PING\r\n").unwrap();
    client.read_exact(&mut answers).unwrap();
    assert_eq!(proxy.round_trips(), 1, "a burst is one round trip");
    ping(&client).unwrap();
    assert_eq!(proxy.round_trips(), 2);
    proxy.set_hold(Duration::from_secs(5));
    assert!(ping(&client).is_err(), "the answer is held back");
    proxy.set_hold(Duration::ZERO);
    proxy.cut();
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).unwrap();
    assert!(ping(&client).is_err(), "the connection is cut");
    assert_eq!(ping(connect(port)).unwrap(), "+PONG\r\n", "new connections are accepted");
}

#[test]
fn the_proxy_spoils_answers() {
    let server = TestServer::start();
    let proxy = Proxy::start(server.port());
    let port = proxy.url().rsplit(':').next().unwrap().parse().unwrap();
    let client = connect(port);
    proxy.set_fault(Fault::Delay(Duration::from_millis(100)));
    let start = Instant::now();
    assert_eq!(ping(&client).unwrap(), "+PONG\r\n");
    assert!(start.elapsed() >= Duration::from_millis(100), "{:?}", start.elapsed());
    proxy.set_fault(Fault::Silence);
    assert!(ping(&client).is_err(), "nothing comes");
    proxy.set_fault(Fault::None);
    let mut late = [0; 7];
    (&client).read_exact(&mut late).unwrap();
    assert_eq!(&late, b"+PONG\r\n", "and then it does");
    proxy.set_fault(Fault::Garble(1));
    let garbled = ping(&client).unwrap();
    assert!(garbled.len() >= 7 && !garbled.contains("PONG"), "{garbled:?}");
    proxy.set_fault(Fault::CutAfter(3));
    let mut rest = Vec::new();
    (&client).write_all(b"PING\r\n").unwrap();
    (&client).read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"+PO", "then the connection is closed");
    proxy.set_fault(Fault::None);
    assert_eq!(ping(connect(port)).unwrap(), "+PONG\r\n");
}

#[test]
fn servers_that_may_be_missing_start_with_their_options() {
    for kind in [OptionalServer::Redis8, OptionalServer::Search] {
        let Some(builder) = kind.builder() else { continue };
        let server = builder.directive("databases", &["3"]).start();
        assert_eq!(server.command(&["SELECT", "2"]), "OK", "our options are used");
        let command = if kind == OptionalServer::Redis8 { "VCARD" } else { "FT._LIST" };
        let answer = server.try_command(&[command]).map_err(|error| error.to_string());
        assert!(!answer.is_err_and(|error| error.contains("unknown command")), "{command}");
    }
}
