//! What may go wrong.

mod spoil;
mod status;

use std::time::Duration;

pub use status::{ContentCategory, ContentFilterSpelling, RetryAfter};

/// What happens to one request in place of, or to, its normal answer.
///
/// Faults of embeddings and of streams need a request that has such an answer. A request that is
/// refused is refused as usual; one of the other kind is answered 400 with a message that names the
/// mistake of the test.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// None: the normal answer. Keeps a place in a script.
    Nothing,
    /// The normal answer, this much later.
    Delay(Duration),
    /// This answer. See the constructors for those that are documented.
    Status {
        /// The status.
        status: u16,
        /// Names and values. `content-length` is added.
        headers: Vec<(String, String)>,
        /// The body.
        body: String,
    },

    /// The connection is reset (RST) before any byte of the answer.
    Reset,
    /// The connection is reset (RST) after half of the body.
    ResetInBody,
    /// The connection is closed in order, without an answer.
    Close,
    /// Half of the body is sent, less than `content-length` says, then the connection is closed.
    TruncatedBody,
    /// The body comes in pieces.
    SlowDrip {
        /// Bytes of a piece, at least one.
        bytes: usize,
        /// Time before each piece.
        interval: Duration,
    },
    /// Nothing is ever answered.
    Hang,
    /// The status and the headers come, and nothing after them.
    HangBody,
    /// The status 200 without a body.
    EmptyBody,
    /// The status 200 with a body that is not JSON, though its content type says so.
    NotJson,

    /// The last vector has no index.
    MissingIndex,
    /// Two vectors have the same index. To a single input two vectors are answered.
    DuplicateIndex,
    /// The last vector's index is one past the inputs.
    IndexOutOfRange,
    /// The last vector is missing.
    WrongCount,
    /// The last vector is one number short.
    WrongDimensions,
    /// The first number is NaN in base64, `null` in an array.
    NotANumber,
    /// The first number is the bare token `NaN` in an array, whatever format was asked for. That is
    /// not JSON.
    NanToken,
    /// The first number is infinite: in an array `1e39`, which a float32 cannot hold.
    Infinite,
    /// The vectors are strings that are not base64.
    BadBase64,
    /// The vectors are base64 of a number of bytes that four does not divide.
    OddBase64Length,
    /// `data` is empty.
    EmptyData,
    /// `usage` is missing.
    NoUsage,

    /// An event with an `error` after this many events, then the stream ends.
    ErrorEventAfter(usize),
    /// The connection is closed after this many events.
    CutAfter(usize),
    /// The stream ends in order after this many events, without `[DONE]`.
    EndAfter(usize),
    /// Nothing comes after this many events.
    StallAfter(usize),
    /// No event has a finish reason, and `[DONE]` comes.
    DoneWithoutFinish,
    /// All events come but `[DONE]`.
    FinishWithoutDone,
    /// The JSON of an event in the middle is cut short.
    GarbledChunk,
    /// The stream ends before any event.
    EmptyStream,
    /// No error: lines end in CR LF.
    CrlfLines,
    /// No error: comments, empty events and fields of no meaning stand between the events.
    CommentLines,
    /// No error: the JSON of each event is spread over several `data` lines.
    SplitData,
    /// No error: the bytes come in pieces of this size, also in the middle of a character.
    OddSplits(usize),
}

impl Fault {
    /// Whether it is one of embeddings.
    pub(crate) fn is_of_embeddings(&self) -> bool {
        matches!(
            self,
            Self::MissingIndex
                | Self::DuplicateIndex
                | Self::IndexOutOfRange
                | Self::WrongCount
                | Self::WrongDimensions
                | Self::NotANumber
                | Self::NanToken
                | Self::Infinite
                | Self::BadBase64
                | Self::OddBase64Length
                | Self::EmptyData
                | Self::NoUsage
        )
    }

    /// Whether it is one of streams.
    pub(crate) fn is_of_streams(&self) -> bool {
        matches!(
            self,
            Self::ErrorEventAfter(_)
                | Self::CutAfter(_)
                | Self::EndAfter(_)
                | Self::StallAfter(_)
                | Self::DoneWithoutFinish
                | Self::FinishWithoutDone
                | Self::GarbledChunk
                | Self::EmptyStream
                | Self::CrlfLines
                | Self::CommentLines
                | Self::SplitData
                | Self::OddSplits(_)
        )
    }
}
