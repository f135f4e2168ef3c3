//! `session append`: one message more.

use std::io::Read;

use caching_with_redis::session::{ChatMessage, NewMessage};
use serde::Serialize;

use super::open;
use crate::args;
use crate::context::Context;
use crate::failure::Failure;
use crate::figures;

/// The longest text that is taken from standard input, in bytes.
const LONGEST: u64 = 10 << 20;

#[derive(Debug, Serialize)]
struct Answer<'a> {
    session: &'a str,
    message: &'a str,
    seq: u64,
    /// Whether the session had the message already.
    known: bool,
    messages: u64,
    tokens: u64,
}

pub(super) async fn run(context: &Context, append: &args::Append) -> Result<(), Failure> {
    let text = match append.text.as_str() {
        "-" => from_standard_input(context)?,
        text => text.to_owned(),
    };
    let store = open(context, &append.whose).await?;
    let owner = &append.whose.owner;
    let session = match &append.to {
        Some(id) => store.session(owner, id),
        None => store.create(owner),
    };
    let mut message = NewMessage::from(ChatMessage::new(append.role.as_str(), text));
    if let Some(id) = &append.message_id {
        message = message.with_id(id);
    }
    let appended = match append.expected_len {
        Some(len) => session.append_at(len, [message]).await?,
        None => session.append(message).await?,
    };
    let Some(receipt) = appended.receipts.first() else { return Ok(()) };
    if context.output.json {
        return context.output.object(&Answer {
            session: session.id(),
            message: &receipt.id,
            seq: receipt.seq,
            known: receipt.known,
            messages: appended.len,
            tokens: appended.tokens,
        });
    }
    let language = context.language();
    let (messages, tokens) = (figures::count(appended.len), figures::count(appended.tokens));
    context.output.rows(&[
        (language.label_session(), session.id().to_owned()),
        (language.label_message(), receipt.id.clone()),
        (language.label_messages(), language.messages_and_tokens(&messages, &tokens)),
    ])
}

fn from_standard_input(context: &Context) -> Result<String, Failure> {
    let unreadable =
        |reason: &str| Failure::Machine(context.language().cannot_read_file("-", reason));
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(&error.to_string()))?;
    if bytes.len() as u64 > LONGEST {
        let limit = figures::bytes(LONGEST);
        return Err(unreadable(&context.language().line_too_long(&limit)));
    }
    let text = String::from_utf8(bytes);
    let text = text.map_err(|_| unreadable(&context.language().line_not_utf8()))?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(Failure::Usage(context.language().line_empty())),
        text => Ok(text.to_owned()),
    }
}
