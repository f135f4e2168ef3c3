//! A server whose every byte, and whose every connection, the test knows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// A step of an answer.
#[derive(Clone)]
pub(crate) enum Step {
    Send(Vec<u8>),
    Wait(Duration),
    /// The end of the body; the connection takes further requests.
    End,
    /// Nothing until the client closes the connection.
    UntilClosed,
    /// This again and again, until the client closes the connection.
    Flood(Vec<u8>),
}

/// What the server sees of its clients.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Connection,
    Request,
    Closed,
}

/// A server that gives each request the same answer in the same steps, and says what it sees.
pub(crate) struct RawServer {
    url: String,
    seen: mpsc::UnboundedReceiver<Seen>,
    sent: Arc<AtomicUsize>,
    accepting: AbortHandle,
}

impl RawServer {
    /// A server on a free port.
    pub(crate) async fn start(answer: Vec<Step>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, seen) = mpsc::unbounded_channel();
        let answer = Arc::new(answer);
        let sent = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&sent);
        let accepting = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tell.send(Seen::Connection).unwrap();
                let (tell, answer) = (tell.clone(), Arc::clone(&answer));
                let sent = Arc::clone(&counter);
                tokio::spawn(async move {
                    serve(stream, &answer, &tell, &sent).await;
                    // The test may be over.
                    let _ = tell.send(Seen::Closed);
                });
            }
        });
        let url = format!("http://{address}");
        Self { url, seen, sent, accepting: accepting.abort_handle() }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Bytes that a flood could send so far.
    pub(crate) fn sent(&self) -> usize {
        self.sent.load(Ordering::Relaxed)
    }

    /// What is seen next.
    pub(crate) async fn next(&mut self) -> Seen {
        timeout(Duration::from_secs(10), self.seen.recv())
            .await
            .expect("something is seen")
            .unwrap()
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    answer: &[Step],
    tell: &mpsc::UnboundedSender<Seen>,
    count: &AtomicUsize,
) {
    stream.set_nodelay(true).unwrap();
    while read_request(&mut stream).await {
        let _ = tell.send(Seen::Request);
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
                    transfer-encoding: chunked\r\n\r\n";
        if stream.write_all(head.as_bytes()).await.is_err() {
            return;
        }
        for step in answer {
            let sent = match step {
                Step::Send(bytes) => stream.write_all(&framed(bytes)).await,
                Step::Flood(bytes) => {
                    let chunk = framed(bytes);
                    while stream.write_all(&chunk).await.is_ok() {
                        count.fetch_add(bytes.len(), Ordering::Relaxed);
                    }
                    return;
                }
                Step::Wait(time) => {
                    tokio::time::sleep(*time).await;
                    Ok(())
                }
                Step::End => stream.write_all(b"0\r\n\r\n").await,
                Step::UntilClosed => {
                    let _ = stream.read(&mut [0]).await;
                    return;
                }
            };
            if sent.is_err() {
                return;
            }
        }
    }
}

/// A piece of a body, as HTTP/1.1 chunks it.
fn framed(bytes: &[u8]) -> Vec<u8> {
    let size = format!("{:x}\r\n", bytes.len());
    [size.as_bytes(), bytes, b"\r\n"].concat()
}

/// Whether a whole request came.
async fn read_request(stream: &mut TcpStream) -> bool {
    let mut request = Vec::new();
    loop {
        let mut part = [0; 4096];
        match stream.read(&mut part).await {
            Ok(count) if count > 0 => request.extend_from_slice(&part[..count]),
            _ => return false,
        }
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.unwrap().parse().unwrap() {
                return true;
            }
        }
    }
}
