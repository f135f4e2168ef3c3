//! Connections, down to how they end.

use std::future::poll_fn;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::delivery::Line;
use crate::exchange::exchange;
use crate::state::State;

/// Serves connections until it is dropped, which closes them all.
pub(crate) async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A client that is gone before it is accepted is none of the server's business.
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connect(stream, tls.clone(), Arc::clone(&state)));
                }
            }
            // Makes room.
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connect(stream: TcpStream, tls: Option<TlsAcceptor>, state: Arc<State>) {
    // Small pieces are to arrive when they are sent.
    let _ = stream.set_nodelay(true);
    match tls {
        None => serve(stream, |stream| stream, state).await,
        // A failed handshake is the client's to report.
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                serve(stream, |stream: &TlsStream<TcpStream>| stream.get_ref().0, state).await;
            }
        }
    }
}

/// Speaks HTTP over a stream; `socket` is what is beneath it.
async fn serve<S>(stream: S, socket: fn(&S) -> &TcpStream, state: Arc<State>)
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let line = Arc::new(Line::default());
    let service =
        service_fn(|request| Box::pin(exchange(Arc::clone(&state), Arc::clone(&line), request)));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let ended = poll_fn(|cx| connection.poll_without_shutdown(cx)).await;
    let mut stream = connection.into_parts().io.into_inner();
    if line.is_reset() {
        // A socket that does not linger is reset when it is dropped.
        let _ = socket(&stream).set_zero_linger();
    } else if ended.is_ok() {
        let _ = stream.shutdown().await;
    }
}
