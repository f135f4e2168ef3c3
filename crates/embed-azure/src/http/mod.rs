//! The HTTP core that both clients and both kinds of model share.

mod attempt;
mod body;
mod connection;
mod delay;
mod endpoint;
mod failure;
mod limiter;
mod options;
mod rate_headers;
mod service_error;

pub(crate) use connection::Connection;
pub(crate) use endpoint::{Endpoint, Opened};
pub(crate) use failure::{Failure, Hint, bad_reply};
pub use limiter::RateLimit;
pub use options::HttpOptions;
