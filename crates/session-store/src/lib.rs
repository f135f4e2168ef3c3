#![doc = include_str!("../README.md")]

mod builder;
mod chat_message;
mod error;
mod id;
mod info;
mod message;
mod session;
mod span;
mod store;
mod stored;
mod tokens;
mod transfer;
mod window;

pub use builder::Builder;
pub use chat_message::{ChatMessage, InvalidMessage};
pub use error::{Error, LineProblem};
pub use info::{Metadata, SessionInfo, SessionUsage};
pub use message::{Message, NewMessage};
pub use session::{Appended, Compacted, Receipt, Session, Trimmed};
pub use store::SessionStore;
pub use tokens::estimate_message_tokens;
pub use transfer::Imported;
pub use window::Window;

// What the builder and the calls take.
pub use cache_core::{KeySecret, LogBackend, LogLimits, Namespace, Scope, Ttl, WhenFull};
