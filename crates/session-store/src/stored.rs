//! How messages, titles and metadata are stored: MessagePack in a checked frame that is bound to the
//! owner, see [`cache_core::codec::text`].

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use cache_core::codec::text;
use cache_core::{LogKey, NewRecord, Record};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::info::moment;
use crate::{ChatMessage, Error, InvalidMessage, Message, Metadata, NewMessage};

/// What a record holds beside its id, its weight and whether it is pinned.
#[derive(Serialize, Deserialize)]
struct Payload {
    chat: Map<String, Value>,
    /// Milliseconds since 1970.
    time: u64,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    metadata: Metadata,
    #[serde(default, skip_serializing_if = "is_false")]
    summary: bool,
}

/// What a log holds beside its records.
#[derive(Serialize, Deserialize, Debug, Clone, Default)]
pub(crate) struct Attributes {
    pub(crate) id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) metadata: Metadata,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) forked_from: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Attributes {
    pub(crate) fn encode(&self, log: &LogKey) -> Result<Bytes, Error> {
        pack(log, self)
    }

    pub(crate) fn decode(log: &LogKey, frame: &[u8]) -> Result<Self, Error> {
        unpack(log, frame).ok_or(Error::UnreadableInfo)
    }
}

/// The record of a message; `count` is asked for its tokens where they are not given.
pub(crate) fn encode(
    log: &LogKey,
    message: NewMessage,
    count: impl Fn(&ChatMessage) -> u32,
) -> Result<NewRecord, Error> {
    let (weight, pinned) =
        (message.tokens.unwrap_or_else(|| count(&message.chat)), message.is_pinned());
    let payload = Payload {
        chat: message.chat.into_body(),
        time: millis(message.time.unwrap_or_else(SystemTime::now)),
        metadata: message.metadata,
        summary: message.summary,
    };
    Ok(NewRecord { id: message.id, weight, pinned, payload: pack(log, &payload)? })
}

/// The message of a record.
pub(crate) fn decode(log: &LogKey, record: Record) -> Result<Message, Error> {
    let unreadable = Error::Unreadable { seq: record.seq };
    let Some(payload) = unpack::<Payload>(log, &record.payload) else { return Err(unreadable) };
    let chat = ChatMessage::from_body(payload.chat).map_err(|_| unreadable)?;
    Ok(Message {
        seq: record.seq,
        id: record.id,
        chat,
        tokens: record.weight,
        pinned: record.pinned,
        summary: payload.summary,
        time: moment(Duration::from_millis(payload.time)),
        metadata: payload.metadata,
    })
}

pub(crate) fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn pack(log: &LogKey, value: &impl Serialize) -> Result<Bytes, Error> {
    // Texts, numbers, arrays and maps of texts: nothing in them that MessagePack does not have.
    let bytes =
        rmp_serde::to_vec_named(value).map_err(|_| Error::InvalidMessage(InvalidMessage))?;
    let frame = text::pack(&log.binding(), &bytes).map_err(|_| Error::TooLong(bytes.len()))?;
    Ok(frame.into())
}

fn unpack<T: DeserializeOwned>(log: &LogKey, frame: &[u8]) -> Option<T> {
    let bytes = text::unpack(&log.binding(), frame, text::MAX_BYTES).ok()?;
    rmp_serde::from_slice(&bytes).ok()
}
