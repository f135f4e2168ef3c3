//! What listens on a port of this machine: just enough of a client to tell.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

pub(super) const DEFAULT_PORT: u16 = 6379;

const CONNECT: Duration = Duration::from_millis(500);
const ANSWER: Duration = Duration::from_secs(2);
/// An `INFO` is a few kilobytes; more is no Redis.
const LONGEST_REPLY: u64 = 1 << 20;

/// What answers on a port.
#[derive(Debug)]
pub(super) enum Answer {
    Nobody,
    Redis(Server),
    /// A Redis that tells nothing without a password.
    Closed,
    SomethingElse,
}

/// What a Redis tells of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) version: String,
    pub(super) process: u64,
    /// Bytes; zero is no limit.
    pub(super) max_memory: u64,
    pub(super) policy: String,
    /// The path of its configuration file; empty without one.
    pub(super) config_file: String,
}

impl Server {
    fn from_info(info: &str) -> Self {
        let field = |name: &str| {
            let value =
                |line: &str| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim().to_owned());
            info.lines().find_map(value).unwrap_or_default()
        };
        let number = |name| field(name).parse().unwrap_or(0);
        Self {
            version: field("redis_version"),
            process: number("process_id"),
            max_memory: number("maxmemory"),
            policy: field("maxmemory_policy"),
            config_file: field("config_file"),
        }
    }
}

/// Asks what listens on this port of the loopback interface.
pub(super) fn ask(port: u16) -> Answer {
    let Ok(stream) = connect(port) else {
        return Answer::Nobody;
    };
    match info(stream) {
        Ok(Reply::Text(info)) if info.contains("redis_version:") => {
            Answer::Redis(Server::from_info(&info))
        }
        Ok(Reply::Error(error)) if error.starts_with("NOAUTH") || error.starts_with("NOPERM") => {
            Answer::Closed
        }
        _ => Answer::SomethingElse,
    }
}

/// Asks the server to end, and waits until nothing listens there; says whether it came to that.
pub(super) fn shut_down(port: u16) -> bool {
    let sent = connect(port).and_then(|mut stream| {
        stream.write_all(b"SHUTDOWN NOSAVE\r\n")?;
        // It closes the connection in place of an answer.
        stream.read(&mut [0; 64])
    });
    let deadline = Instant::now() + Duration::from_secs(10);
    while sent.is_ok() && Instant::now() < deadline {
        if connect(port).is_err() {
            return true;
        }
        thread::sleep(Duration::from_millis(25));
    }
    false
}

fn connect(port: u16) -> io::Result<TcpStream> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let stream = TcpStream::connect_timeout(&address, CONNECT)?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.set_write_timeout(Some(ANSWER))?;
    Ok(stream)
}

enum Reply {
    Text(String),
    Error(String),
}

/// Sends `INFO` in the form without lengths, which is one line.
fn info(mut stream: TcpStream) -> io::Result<Reply> {
    stream.write_all(b"INFO\r\n")?;
    let mut reader = BufReader::new(stream).take(LONGEST_REPLY);
    let mut head = Vec::new();
    reader.read_until(b'\n', &mut head)?;
    let head = String::from_utf8_lossy(&head);
    let unknown = || io::Error::from(io::ErrorKind::InvalidData);
    match head.trim_end().split_at_checked(1) {
        Some(("-", error)) => Ok(Reply::Error(error.to_owned())),
        Some(("$", length)) => {
            let length: u64 = length.parse().map_err(|_| unknown())?;
            let mut text = Vec::new();
            reader.take(length).read_to_end(&mut text)?;
            Ok(Reply::Text(String::from_utf8_lossy(&text).into_owned()))
        }
        _ => Err(unknown()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use redis_test_server::TestServer;

    use super::*;

    #[test]
    fn a_redis_tells_its_bounds() {
        let redis = TestServer::builder().max_memory("64mb", "allkeys-lru").start();
        let Answer::Redis(server) = ask(redis.port()) else { panic!("a Redis is there") };
        assert_eq!((server.max_memory, server.policy.as_str()), (64 << 20, "allkeys-lru"));
        assert!(server.process > 0 && server.config_file.ends_with("redis.conf"));
    }

    #[test]
    fn a_redis_with_a_password_is_known_as_one() {
        let redis = TestServer::builder().password("hunter2").start();
        assert!(matches!(ask(redis.port()), Answer::Closed));
    }

    #[test]
    fn other_programs_are_not_redis() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let web = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 64]);
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        });
        assert!(matches!(ask(port), Answer::SomethingElse));
        web.join().unwrap();
        assert!(matches!(ask(port), Answer::Nobody));
    }
}
