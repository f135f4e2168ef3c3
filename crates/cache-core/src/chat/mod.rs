//! The contract of whatever answers chats.

mod lazy;
mod request;
mod response;
mod stream;

use std::fmt::Debug;
use std::future::Future;
use std::time::Instant;

use async_trait::async_trait;

pub use request::{ChatRequest, InvalidChatRequest};
pub use response::{ChatResponse, TokenUsage};
pub use stream::{ChatChunk, ChatStream};

use crate::provider::ProviderCheck;
use crate::{ModelIdentity, ProviderError};

/// Answers chats, in the form of OpenAI's chat completions.
///
/// # Contract
/// * **Passed through.** Every parameter of the request reaches the model as it is, those that the
///   implementer does not know included, and every field of the answer reaches the caller. Three
///   belong to the implementer: `stream`, and where the service wants one `model` and
///   `stream_options`' defaults. A request whose `model` is neither null nor the implementer's own
///   ([`ModelIdentity::model`] or [`ModelIdentity::deployment`]) is refused with
///   [`ProviderErrorKind::InvalidInput`](crate::ProviderErrorKind::InvalidInput), never answered by
///   another model.
/// * **Streams.** [`stream`](Self::stream) gives every chunk in the order of arrival. A stream that
///   ends without an error is complete: every choice has a finish reason and the service said that
///   it was done. Anything else ends in one last `Err`, with
///   [`ErrorDetail::Interrupted`](crate::ErrorDetail::Interrupted) once a chunk has arrived. Nothing
///   is asked again once a chunk has been given.
/// * **Errors.** They carry no text of the request or the answer.
/// * **Cancellation.** Dropping the future or the stream ends the request and leaves the provider
///   usable.
/// * **Cost.** Nothing is called and nothing is billed outside `complete` and `stream`.
#[async_trait]
pub trait ChatProvider: Debug + Send + Sync + 'static {
    /// What the answers depend on, apart from the request.
    fn identity(&self) -> ModelIdentity;

    /// The whole answer.
    async fn complete(&self, request: &ChatRequest) -> Result<ChatResponse, ProviderError>;

    /// The answer in chunks, as they arrive. An error before the first chunk is the `Err` of this
    /// call where possible.
    async fn stream(&self, request: &ChatRequest) -> Result<ChatStream, ProviderError>;
}

/// Sugar over [`ChatProvider`], for every implementer.
pub trait ChatProviderExt: ChatProvider {
    /// Asks a trifle, to see whether address, credentials and model are right. Bills a few tokens.
    fn check(&self) -> impl Future<Output = Result<ProviderCheck, ProviderError>> + Send {
        async move {
            let start = Instant::now();
            let response = self.complete(&ChatRequest::user("Answer with one word: ok")).await?;
            let tokens = response.usage().map(|usage| usage.prompt + usage.completion);
            Ok(ProviderCheck::new(response.model().map(str::to_owned), tokens, start))
        }
    }
}

impl<T: ChatProvider + ?Sized> ChatProviderExt for T {}

const _: Option<&dyn ChatProvider> = None;
