//! A cache in this process's memory in front of the server, kept coherent by what the server tells.
//!
//! The rules by which a value that was read may be kept ([`store`]):
//!
//! 1. A [ticket](store::Ticket) is drawn before the read is sent. There is one only while a
//!    [session](crate::push::Session) with the server vouches, and tracks the key's prefix.
//! 2. The reply is kept only if, at that moment and under the lock of the key's table, the session
//!    still vouches and nothing has changed the key since the ticket was drawn: messages and replies
//!    travel on different connections and arrive in any order.
//! 3. It is kept no longer than the server keeps it: its time to live comes in the same round trip,
//!    and counts from before the read.
//! 4. What is kept is shown only while the session that it was read in vouches.
//! 5. A write of this process forgets the key before it is sent, and again when it is over. What
//!    was written is not kept: the server's message about it cannot be told from one about somebody
//!    else's write, and `NOLOOP` would suppress both where they fall into one turn of the server's
//!    event loop. The next read keeps it.

mod backend;
mod config;
mod epochs;
mod fetch;
mod spaces;
mod stats;
mod store;

pub use backend::NearBackend;
pub use config::{NearConfig, Tracking, WithoutTracking};
pub use stats::{NearState, NearStats};
