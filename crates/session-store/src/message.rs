//! Messages of a session: as they are given and as they are read.

use std::fmt;
use std::time::SystemTime;

use crate::{ChatMessage, Metadata, id};

/// A message to be appended. It has an id from the moment it is made: appending the same value
/// again, after an error or a timeout, appends it once. `Debug` shows no text.
#[derive(Clone, PartialEq)]
pub struct NewMessage {
    pub(crate) id: String,
    pub(crate) chat: ChatMessage,
    pub(crate) metadata: Metadata,
    pub(crate) pinned: Option<bool>,
    pub(crate) tokens: Option<u32>,
    pub(crate) time: Option<SystemTime>,
    pub(crate) summary: bool,
}

impl NewMessage {
    /// With an id that nobody guesses.
    #[must_use]
    pub fn new(chat: ChatMessage) -> Self {
        Self {
            id: id::random(),
            chat,
            metadata: Metadata::new(),
            pinned: None,
            tokens: None,
            time: None,
            summary: false,
        }
    }

    /// Sets the id, unique in the session: 1 to 128 bytes. A message whose id the session knows is
    /// not appended.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// Pinned messages are in every window, and neither limits nor summaries remove them. System
    /// and developer messages are pinned unless this says otherwise.
    #[must_use]
    pub fn pinned(mut self, pinned: bool) -> Self {
        self.pinned = Some(pinned);
        self
    }

    /// Sets what the message counts, for who knows it (from a service's `usage`, say) or keeps
    /// another budget. Otherwise the store's counter is asked, once.
    #[must_use]
    pub fn with_tokens(mut self, tokens: u32) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Sets when it was said; otherwise that is when it is appended, by this machine's clock.
    #[must_use]
    pub fn with_time(mut self, time: SystemTime) -> Self {
        self.time = Some(time);
        self
    }

    /// Keeps a value beside the message. Models are not shown it.
    #[must_use]
    pub fn with_metadata(
        mut self,
        name: impl Into<String>,
        value: impl Into<serde_json::Value>,
    ) -> Self {
        self.metadata.insert(name.into(), value.into());
        self
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What models are shown.
    #[must_use]
    pub fn chat(&self) -> &ChatMessage {
        &self.chat
    }

    pub(crate) fn is_pinned(&self) -> bool {
        self.pinned.unwrap_or(matches!(self.chat.role(), "system" | "developer"))
    }
}

impl fmt::Debug for NewMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewMessage")
            .field("chat", &self.chat)
            .field("pinned", &self.is_pinned())
            .finish_non_exhaustive()
    }
}

impl From<ChatMessage> for NewMessage {
    fn from(chat: ChatMessage) -> Self {
        Self::new(chat)
    }
}

/// A message as the session has it. `Debug` shows no text.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// Its place in the order, from 1 upwards; some numbers may be missing.
    pub seq: u64,
    /// Its id.
    pub id: String,
    /// What models are shown.
    pub chat: ChatMessage,
    /// What it counts in windows and limits.
    pub tokens: u32,
    /// Whether it is in every window.
    pub pinned: bool,
    /// Whether it stands for older messages, see [`Session::compact`](crate::Session::compact).
    pub summary: bool,
    /// When it was said, to the millisecond.
    pub time: SystemTime,
    /// What is kept beside it.
    pub metadata: Metadata,
}

impl Message {
    /// Who speaks.
    #[must_use]
    pub fn role(&self) -> &str {
        self.chat.role()
    }

    /// The message, to be appended elsewhere: all but its number.
    #[must_use]
    pub fn into_new(self) -> NewMessage {
        NewMessage {
            id: self.id,
            chat: self.chat,
            metadata: self.metadata,
            pinned: Some(self.pinned),
            tokens: Some(self.tokens),
            time: Some(self.time),
            summary: self.summary,
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("seq", &self.seq)
            .field("chat", &self.chat)
            .field("tokens", &self.tokens)
            .field("pinned", &self.pinned)
            .finish_non_exhaustive()
    }
}
