//! A running server.

use std::fmt;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use tokio::runtime;
use tokio::sync::oneshot;

use crate::Builder;
use crate::connection::accept;
use crate::fault::Fault;
use crate::model::Model;
use crate::request::Request;
use crate::state::State;
use crate::tls::Tls;

/// An HTTP/1.1 server on a free port of 127.0.0.1.
///
/// It runs on a thread and a runtime of its own: a test that blocks or that stops tokio's clock does
/// not touch it. All methods may be called at any time from any thread; a change counts for
/// requests that arrive after it. Dropping the server closes its port and all connections, and
/// returns when its thread has ended.
pub struct TestServer {
    url: String,
    ca_pem: Option<String>,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl TestServer {
    /// Starts a server without any option.
    ///
    /// # Panics
    /// When the system gives no port or no thread.
    pub async fn start() -> Self {
        Self::builder().start().await
    }

    /// Options for a server.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// `http://127.0.0.1:{port}`, or `https://…` with TLS.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The CA that clients of a server with TLS have to trust.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Everything received so far, refused or not, in the order in which requests were complete.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.state.requests()
    }

    /// Forgets the requests received so far.
    pub fn clear_requests(&self) {
        self.state.clear_requests();
    }

    /// Gives the next requests these faults, one each, after those already scripted.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state.script(faults);
    }

    /// Gives every request this fault, once the script is over.
    pub fn always(&self, fault: Fault) {
        self.state.always(fault);
    }

    /// Goes back to normal answers; what is left of a script is dropped.
    pub fn behave(&self) {
        self.state.behave();
    }

    /// Requests rejected so far for being over a rate. Faults do not count.
    #[must_use]
    pub fn rejected(&self) -> usize {
        self.state.rejected()
    }

    /// Accepts this token from now on, and no longer the one before.
    pub fn set_bearer_token(&self, token: &str) {
        self.state.set_bearer_token(token);
    }

    /// Puts another model under a name from now on.
    ///
    /// # Panics
    /// When there is no such model.
    pub fn redeploy(&self, name: &str, model: &str) {
        self.state.deploy(name, Model::expect(model));
    }

    pub(crate) fn run(state: State, tls: bool) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port can be bound");
        let address = listener.local_addr().expect("it is bound");
        listener.set_nonblocking(true).expect("a listener need not block");
        let tls = tls.then(Tls::fresh);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let state = Arc::new(state);
        let (stop, stopped) = oneshot::channel();
        let thread = {
            let acceptor = tls.as_ref().map(|tls| tls.acceptor.clone());
            let state = Arc::clone(&state);
            let serve = async move {
                let listener =
                    tokio::net::TcpListener::from_std(listener).expect("it does not block");
                tokio::select! {
                    () = accept(listener, acceptor, state) => {}
                    // Either the word or the dropped sender.
                    _ = stopped => {}
                }
            };
            thread::Builder::new().name("openai-test-server".to_owned()).spawn(move || {
                let runtime = runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime can be built").block_on(serve);
            })
        };
        Self {
            url: format!("{scheme}://{address}"),
            ca_pem: tls.map(|tls| tls.ca_pem),
            state,
            stop: Some(stop),
            thread: Some(thread.expect("a thread can be started")),
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It has panicked only where it has said so itself.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for TestServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestServer").field("url", &self.url).finish_non_exhaustive()
    }
}
