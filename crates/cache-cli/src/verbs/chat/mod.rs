//! `chat`: a conversation with the chat model, through the response cache, remembered in a session.
//! On a terminal or on a pipe.

mod input;
mod turn;

use std::io::{self, IsTerminal};

use caching_with_redis::core::ChatProvider;
use caching_with_redis::session::ChatMessage;

use crate::args;
use crate::chat_model::ChatModel;
use crate::context::Context;
use crate::failure::Failure;
use crate::figures;
use crate::lines::{LONGEST, Line};
use input::Input;
use turn::{Answer, Conversation};

/// Ends the conversation, as the end of the input does.
const QUIT: &str = "/quit";

pub(super) async fn run(context: &Context, chat: &args::Chat) -> Result<(), Failure> {
    let model = model(context, chat).await?;
    let store = context.open_store().await?;
    let (cache, embeddings) = context.responses_to_alike(&store, &model).await?;
    let sessions = context.sessions(&store, &chat.whose)?;
    let session = match &chat.session {
        Some(id) => sessions.session(&chat.whose.owner, id),
        None => sessions.create(&chat.whose.owner),
    };
    if let Some(system) = &chat.system {
        // Whoever begins the conversation says so; who goes on with it says it again in vain.
        match session.append_at(0, [ChatMessage::system(system)]).await {
            Err(error) if error.kind() == caching_with_redis::core::ErrorKind::Conflict => {}
            begun => drop(begun?),
        }
    }
    let conversation = Conversation { cache, session, options: chat };
    greet(context, &model, &conversation);
    let ended = tokio::select! {
        ended = talk(context, &conversation) => ended,
        _ = tokio::signal::ctrl_c() => Err(Failure::Interrupted(context.language().chat_interrupted())),
    };
    // Whatever happened, what was done is counted.
    conversation.cache.flush().await?;
    if let Some(embeddings) = embeddings {
        embeddings.flush().await?;
    }
    ended
}

async fn model(context: &Context, chat: &args::Chat) -> Result<ChatModel, Failure> {
    if chat.echo {
        return ChatModel::bundled(context).await;
    }
    let model = ChatModel::of_settings(context)?;
    model.ok_or_else(|| Failure::Usage(context.language().no_chat_model()))
}

/// Says with whom one talks, and by which id the conversation goes on later.
fn greet(context: &Context, model: &ChatModel, conversation: &Conversation<'_>) {
    if context.output.json {
        return;
    }
    let language = context.language();
    let identity = conversation.cache.identity();
    let name = match model.is_bundled() {
        true => language.bundled_server(&identity.model),
        false => format!("{} {}", identity.provider, identity.model),
    };
    context.output.note(&language.talking_to(&name, conversation.session.id()));
}

/// Line after line, until the input ends. On a terminal a failure is shown, and the user may go on;
/// on a pipe it is the end.
async fn talk(context: &Context, conversation: &Conversation<'_>) -> Result<(), Failure> {
    let mut input = Input::open();
    while let Some(line) = input.next().await {
        let text = match text(context, line)? {
            text if text.trim().is_empty() => continue,
            text if text.trim() == QUIT => break,
            text => text,
        };
        match answer(context, conversation, &text).await {
            Err(failure) if input.terminal && failure.exit_code() != 0 => {
                if let Some(message) = failure.message(context.language()) {
                    context.output.error(&failure, &message);
                }
            }
            answered => answered?,
        }
    }
    Ok(())
}

fn text(context: &Context, line: io::Result<Line>) -> Result<String, Failure> {
    let language = context.language();
    let unreadable = |reason: String| Failure::Machine(language.cannot_read_file("-", &reason));
    match line.map_err(|error| unreadable(error.to_string()))? {
        Line::Bytes(bytes) => {
            String::from_utf8(bytes).map_err(|_| unreadable(language.line_not_utf8()))
        }
        Line::TooLong => Err(unreadable(language.line_too_long(&figures::bytes(LONGEST as u64)))),
    }
}

async fn answer(
    context: &Context,
    conversation: &Conversation<'_>,
    text: &str,
) -> Result<(), Failure> {
    let output = context.output;
    if output.json {
        return output.object(&conversation.turn(text, |_| Ok(())).await?);
    }
    let terminal = io::stdout().is_terminal();
    let show = |piece: &str| match terminal {
        true => output.text(&figures::visible(piece)),
        false => output.text(piece),
    };
    let answer = conversation.turn(text, show).await?;
    output.line("")?;
    if terminal || answer.semantic.is_some() {
        output.note(&about(context, &answer));
    }
    Ok(())
}

/// What the answer cost, in a line.
fn about(context: &Context, answer: &Answer) -> String {
    let language = context.language();
    let time = figures::span(answer.time);
    let lookup = match &answer.semantic {
        Some(alike) => alike.shown(&time, language),
        None if answer.hit => language.hit_in(&time),
        None => language.answered_in(&time),
    };
    let (read, written) = (answer.prompt_tokens, answer.completion_tokens);
    let tokens = language.read_and_written(&figures::count(read), &figures::count(written));
    format!("({lookup}; {tokens})")
}
