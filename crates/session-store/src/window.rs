//! What of a session goes to a model.

use std::collections::HashSet;

use cache_core::{ChatRequest, InvalidChatRequest, LogHead};
use serde_json::{Value, json};

use crate::Message;

/// The pinned messages of a session and as many of the last as fit a budget, in order.
///
/// It never holds a tool's result without the call, nor a call without the results that the session
/// has: where the budget would part them, it leaves out both.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Window {
    /// The messages.
    pub messages: Vec<Message>,
    /// Sum of their tokens. More than the budget only when the pinned ones alone are.
    pub tokens: u64,
    /// Messages of the session that are not in the window.
    pub omitted: u64,
}

impl Window {
    pub(crate) fn new(head: &LogHead, messages: Vec<Message>) -> Self {
        let unbroken_from = unbroken_from(head, &messages);
        let messages = without_halves(messages, unbroken_from);
        let tokens = messages.iter().map(|message| u64::from(message.tokens)).sum();
        let omitted = head.len.saturating_sub(messages.len() as u64);
        Self { messages, tokens, omitted }
    }

    /// The messages as a chat model takes them.
    #[must_use]
    pub fn to_chat(&self) -> Vec<Value> {
        self.messages.iter().map(|message| message.chat.to_chat()).collect()
    }

    /// A request of these messages, for parameters to be added.
    ///
    /// # Errors
    /// When there are no messages: models want one.
    pub fn to_request(&self) -> Result<ChatRequest, InvalidChatRequest> {
        ChatRequest::from_json(json!({ "messages": self.to_chat() }))
    }
}

/// The number from which on the messages are all that the session has.
fn unbroken_from(head: &LogHead, messages: &[Message]) -> u64 {
    if messages.len() as u64 == head.len {
        return 0;
    }
    // The store gives an unbroken run of those that are not pinned, up to the end.
    let run = messages.iter().find(|message| !message.pinned).map(|message| message.seq);
    // Pinned ones continue it backwards as long as no number is missing.
    let mut from = run.unwrap_or(head.last_seq + 1);
    let before = messages.iter().rev().map(|message| message.seq).filter(|&seq| seq < from);
    for seq in before.collect::<Vec<_>>() {
        if seq + 1 != from {
            break;
        }
        from = seq;
    }
    from
}

/// Leaves out calls whose results may be missing, and results whose calls are.
fn without_halves(messages: Vec<Message>, unbroken_from: u64) -> Vec<Message> {
    let answered: HashSet<String> = messages
        .iter()
        .filter_map(|message| message.chat.tool_call_id())
        .map(str::to_owned)
        .collect();
    let mut called: HashSet<String> = HashSet::new();
    let mut whole = messages;
    whole.retain(|message| match message.chat.tool_call_id() {
        Some(call) => called.contains(call),
        None => {
            let mut calls = message.chat.tool_call_ids();
            // Within the run nothing is missing: what has no result has none yet.
            let kept = message.seq >= unbroken_from || calls.all(|call| answered.contains(call));
            if kept {
                called.extend(message.chat.tool_call_ids().map(str::to_owned));
            }
            kept
        }
    });
    whole
}
