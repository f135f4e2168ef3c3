//! `session trim`: the oldest messages go.

use serde::Serialize;

use super::existing;
use crate::args;
use crate::context::Context;
use crate::failure::Failure;
use crate::figures;

#[derive(Debug, Serialize)]
struct Answer {
    session: String,
    removed: u64,
    messages: u64,
    tokens: u64,
}

pub(super) async fn run(context: &Context, trim: &args::Trim) -> Result<(), Failure> {
    let (session, _) = existing(context, &trim.whose, &trim.id).await?;
    let done = match (trim.keep, trim.tokens) {
        (_, Some(tokens)) => session.trim_to_tokens(tokens).await?,
        (keep, None) => session.trim_to_messages(keep.unwrap_or(usize::MAX)).await?,
    };
    if context.output.json {
        return context.output.object(&Answer {
            session: session.id().to_owned(),
            removed: done.removed,
            messages: done.len,
            tokens: done.tokens,
        });
    }
    let [removed, messages, tokens] = [done.removed, done.len, done.tokens].map(figures::count);
    context.output.line(&context.language().trimmed(&removed, &messages, &tokens))
}
