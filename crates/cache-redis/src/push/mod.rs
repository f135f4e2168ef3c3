//! What servers say unasked: which keys have changed.
//!
//! A [`Feed`](feed::Feed) keeps one connection of its own to one server, in RESP3 and with
//! `CLIENT TRACKING` on, makes it again when it is lost, and asks it for a sign of life at short
//! intervals. [`Feeds`] keeps one to each primary. A [`Session`] is one such connection's life: what
//! was read during it may be kept as long as the session [vouches](Session::vouches) for it.
//!
//! # Why a session vouches, and for how long
//! A server sends a change's message before it answers anything that it was asked after the change
//! was done, on the same connection, in that order. So when the answer to a `PING` is here, every
//! change that was done before the `PING` was sent has been told. A session vouches from that moment
//! of sending for the maximum staleness; then it needs the next answer. A server that hangs, a
//! network that swallows packets, and a process that was stopped or starved all end it in time.

mod feed;
mod feeds;
mod message;
mod session;

use std::sync::Arc;

pub(crate) use feed::{FeedState, Settings, Tracked};
pub(crate) use feeds::Feeds;
pub(crate) use message::{Message, read};
pub(crate) use session::Session;

/// Who is told. Methods are called by the connection's own task, in the order of the server's
/// messages, and must not block.
pub(crate) trait Listener: Send + Sync + 'static {
    /// A session has begun to vouch.
    fn begun(&self) {}

    /// This key was written, removed, evicted or has expired.
    fn changed(&self, key: &[u8]);

    /// Anything may have changed of what was read during this session, which goes on.
    fn all_changed(&self, session: &Arc<Session>);

    /// The session is over.
    fn lost(&self, session: &Arc<Session>);
}
