//! The chat completions operation.

mod completion;
mod filter;
mod head;
mod reply;
mod request;
mod stream;

pub(crate) use completion::completion;
pub(crate) use head::Head;
pub(crate) use reply::choices;
pub(crate) use request::ChatRequest;
pub(crate) use stream::chunks;
