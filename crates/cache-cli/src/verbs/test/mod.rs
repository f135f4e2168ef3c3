//! `test`: the demonstration. A text is embedded twice, a question is asked twice, and both are
//! remembered in a conversation.

mod embedding;
mod response;
mod session;

use std::time::Duration;

use serde::Serialize;

use crate::args::{self, Whose};
use crate::chat_model::ChatModel;
use crate::context::{Context, Opened};
use crate::failure::Failure;
use crate::figures;
use crate::output::Mood;

/// Whose the conversation of the demonstration is.
const OWNER: &str = "test";

#[derive(Debug, Serialize)]
struct Answer {
    #[serde(flatten)]
    embedding: embedding::Answer,
    /// `None` where the chat model failed.
    response: Option<response::Answer>,
    session: session::Answer,
}

/// One lookup.
#[derive(Debug, Serialize)]
struct Asked {
    hit: bool,
    source: &'static str,
    micros: u64,
    #[serde(skip)]
    time: Duration,
}

impl Asked {
    fn new(hit: bool, source: &'static str, time: Duration) -> Self {
        Self { hit, source, micros: figures::micros(time), time }
    }
}

/// A chat model that fails does not keep the other two from being shown.
pub(super) async fn run(context: &Context, test: &args::Test) -> Result<(), Failure> {
    let model = match ChatModel::of_settings(context)? {
        Some(model) => model,
        None => ChatModel::bundled(context).await?,
    };
    let opened = context.open().await?;
    let embedding = embedding::embed(context, &opened, &test.text).await?;
    if !context.output.json {
        context.output.rows(&embedding.rows(context, &opened))?;
    }
    let cache = context.responses(&opened.store, &model)?;
    let asked = response::ask(context, &cache, &model, test.question.as_deref()).await;
    let (response, failed) = match asked {
        Ok(response) => (Some(response), Ok(())),
        Err(failure) => (None, Err(failure)),
    };
    let session = converse(context, &opened, test, response.as_ref()).await?;
    if context.output.json {
        context.output.object(&Answer { embedding, response, session })?;
        return failed;
    }
    let language = context.language();
    if let Some(response) = &response {
        context.output.line("")?;
        context.output.rows(&response.rows(context))?;
    }
    context.output.line("")?;
    context.output.rows(&session.rows(language))?;
    if embedding.backend == "memory" {
        context.output.warning(&language.gone_with_the_program());
    }
    failed
}

async fn converse(
    context: &Context,
    opened: &Opened,
    test: &args::Test,
    response: Option<&response::Answer>,
) -> Result<session::Answer, Failure> {
    let whose = Whose { owner: OWNER.to_owned(), tenant: None };
    let store = context.sessions(&opened.store, &whose)?;
    let question = response.map(|response| response.question.as_str()).or(test.question.as_deref());
    let question = question.unwrap_or(&test.text);
    let answer = response.map(|response| &response.response);
    session::converse(&store, OWNER, question, answer).await
}

/// Two lookups of the same, as people are shown them.
fn lookups(context: &Context, first: &Asked, second: &Asked) -> [String; 2] {
    let (language, output) = (context.language(), &context.output);
    let shown = |asked: &Asked| match asked.hit {
        true => output.painted(&language.hit_in(&figures::span(asked.time)), Mood::Good),
        false => output.painted(&language.miss_in(&figures::span(asked.time)), Mood::Doubtful),
    };
    let mut again = shown(second);
    if !first.hit && second.hit {
        let factor = first.time.as_secs_f64() / second.time.as_secs_f64().max(1e-9);
        again = format!("{again} ({})", language.faster(&format!("{factor:.1}")));
    }
    [shown(first), again]
}
