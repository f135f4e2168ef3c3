//! From an address to a connection that stands, and is made again when it is lost.

mod connector;
mod dialer;
mod failure;
mod live;
mod renewal;
mod stream;
#[cfg(feature = "tls")]
mod tls;

pub(crate) use connector::{Connector, Place};
pub(crate) use dialer::{Dialer, Opened, Wanted};
pub(crate) use failure::Failure;
pub(crate) use live::{Asks, Greeting, Live};
