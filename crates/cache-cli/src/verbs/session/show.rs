//! `session show`: the messages of a conversation.

use caching_with_redis::session::Message;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Described, existing, millis};
use crate::args;
use crate::context::Context;
use crate::failure::Failure;
use crate::figures;

#[derive(Debug, Serialize)]
struct Answer {
    session: Described,
    messages: Vec<Shown>,
}

/// A message, as answers in JSON have it.
#[derive(Debug, Serialize)]
struct Shown {
    seq: u64,
    id: String,
    chat: Value,
    tokens: u32,
    pinned: bool,
    summary: bool,
    time_ms: u64,
    #[serde(skip_serializing_if = "Map::is_empty")]
    metadata: Map<String, Value>,
}

pub(super) async fn run(context: &Context, show: &args::Show) -> Result<(), Failure> {
    let (session, described) = existing(context, &show.whose, &show.id).await?;
    let messages = match (show.tokens, &show.role) {
        (Some(tokens), _) => session.window(tokens).await?.messages,
        (None, Some(role)) => session.by_role(role).await?,
        (None, None) => session.last(show.last).await?,
    };
    if context.output.json {
        let messages = messages.into_iter().map(Shown::of).collect();
        return context.output.object(&Answer { session: described, messages });
    }
    let language = context.language();
    context.output.rows(&[(described.id.clone(), described.shown(language))])?;
    context.output.line("")?;
    context.output.rows(&messages.iter().map(row).collect::<Vec<_>>())
}

fn row(message: &Message) -> (String, String) {
    let text = message.chat.text().unwrap_or_default();
    let calls = message.chat.tool_calls().iter().filter_map(|call| {
        let function = call.get("function")?;
        let part = |name| function.get(name).and_then(Value::as_str).unwrap_or_default();
        Some(format!("{}({})", part("name"), part("arguments")))
    });
    let parts: Vec<String> = std::iter::once(text.into_owned())
        .chain(message.chat.refusal().map(str::to_owned))
        .chain(calls)
        .filter(|part| !part.is_empty())
        .collect();
    let label = format!("{} {}", message.seq, figures::one_line(message.role()));
    (label, figures::one_line(&parts.join(" ")))
}

impl Shown {
    fn of(message: Message) -> Self {
        Self {
            seq: message.seq,
            time_ms: millis(message.time),
            id: message.id,
            tokens: message.tokens,
            pinned: message.pinned,
            summary: message.summary,
            metadata: message.metadata,
            chat: message.chat.into_chat(),
        }
    }
}
