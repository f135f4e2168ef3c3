//! Something between a client and a server that looks and interferes.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A TCP proxy on a free loopback port.
///
/// It forwards requests at once and answers after the [hold](Self::set_hold). A **round trip** is
/// a burst of request bytes that needs no answer to go on: the count rises with the first bytes a
/// client sends after it was given an answer. With a hold longer than any pause within a burst, a
/// pipeline of any size counts as one.
///
/// Dropping it cuts all connections and frees the port.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    target_port: AtomicU16,
    connections: AtomicU64,
    round_trips: AtomicU64,
    hold_micros: AtomicU64,
    closed: AtomicBool,
    streams: Mutex<Vec<TcpStream>>,
}

impl Proxy {
    /// A proxy to this port of 127.0.0.1, without a hold.
    #[must_use]
    pub fn start(target_port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port can be bound");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared {
            target_port: AtomicU16::new(target_port),
            connections: AtomicU64::new(0),
            round_trips: AtomicU64::new(0),
            hold_micros: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            streams: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accepting.accept(&listener));
        Self { address, shared }
    }

    /// `redis://127.0.0.1:{port}`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// The port on 127.0.0.1 that it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Round trips so far, of all connections.
    #[must_use]
    pub fn round_trips(&self) -> u64 {
        self.shared.round_trips.load(Ordering::SeqCst)
    }

    /// Connections made through it so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Leads new connections to this port of 127.0.0.1, as a name does after a failover.
    pub fn set_target(&self, port: u16) {
        self.shared.target_port.store(port, Ordering::SeqCst);
    }

    /// Holds answers back until the client has sent nothing for this long.
    pub fn set_hold(&self, hold: Duration) {
        let micros = u64::try_from(hold.as_micros()).expect("a hold is short");
        self.shared.hold_micros.store(micros, Ordering::SeqCst);
    }

    /// Cuts all connections; new ones are accepted.
    pub fn cut(&self) {
        for stream in self.shared.streams().drain(..) {
            // Fails only where the other side was faster.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        self.cut();
        // Wakes the accepting thread, which then ends and frees the port.
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn streams(&self) -> MutexGuard<'_, Vec<TcpStream>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn accept(self: Arc<Self>, listener: &TcpListener) {
        for client in listener.incoming().flatten() {
            if self.closed.load(Ordering::SeqCst) {
                return;
            }
            // A server that is down: the client's connection is closed, as the server would.
            let target = (Ipv4Addr::LOCALHOST, self.target_port.load(Ordering::SeqCst));
            let Ok(server) = TcpStream::connect(target) else {
                continue;
            };
            self.connections.fetch_add(1, Ordering::SeqCst);
            let shared = Arc::clone(&self);
            if let Err(error) = shared.connect(client, server) {
                panic!("the proxy cannot set up a connection: {error}");
            }
        }
    }

    fn connect(self: Arc<Self>, client: TcpStream, server: TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        server.set_read_timeout(Some(Duration::from_millis(1)))?;
        self.streams().extend([client.try_clone()?, server.try_clone()?]);
        let traffic =
            Arc::new(Mutex::new(Traffic { last_request: Instant::now(), answered: true }));
        let upstream = (Arc::clone(&self), client.try_clone()?, server.try_clone()?);
        let requests = Arc::clone(&traffic);
        thread::spawn(move || {
            let (shared, client, server) = upstream;
            shared.forward_requests(client, server, &requests);
        });
        thread::spawn(move || self.forward_answers(client, server, &traffic));
        Ok(())
    }

    fn forward_requests(&self, mut client: TcpStream, mut server: TcpStream, traffic: &State) {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length) = client.read(&mut buffer) {
            if length == 0 {
                break;
            }
            {
                let mut traffic = lock(traffic);
                traffic.last_request = Instant::now();
                if std::mem::take(&mut traffic.answered) {
                    self.round_trips.fetch_add(1, Ordering::SeqCst);
                }
            }
            if server.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = server.shutdown(Shutdown::Both);
    }

    fn forward_answers(&self, mut client: TcpStream, mut server: TcpStream, traffic: &State) {
        let mut buffer = vec![0; 1 << 16];
        let mut held = Vec::new();
        loop {
            match server.read(&mut buffer) {
                Ok(0) => break,
                Ok(length) => held.extend_from_slice(&buffer[..length]),
                Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => break,
            }
            if held.is_empty() {
                continue;
            }
            let hold = Duration::from_micros(self.hold_micros.load(Ordering::SeqCst));
            {
                let mut traffic = lock(traffic);
                if traffic.last_request.elapsed() < hold {
                    continue;
                }
                traffic.answered = true;
            }
            if client.write_all(&held).is_err() {
                break;
            }
            held.clear();
        }
        let _ = client.shutdown(Shutdown::Both);
    }
}

type State = Mutex<Traffic>;

/// What one connection has seen.
#[derive(Debug)]
struct Traffic {
    last_request: Instant,
    answered: bool,
}

fn lock(traffic: &State) -> MutexGuard<'_, Traffic> {
    traffic.lock().unwrap_or_else(PoisonError::into_inner)
}
