//! `index drop`: an index and everything in it.

use serde::Serialize;

use super::{look_up, missing, name_of};
use crate::args;
use crate::context::Context;
use crate::failure::Failure;
use crate::figures;

#[derive(Debug, Serialize)]
struct Answer<'a> {
    index: &'a str,
    namespace: &'a str,
    /// Entries that it had, as far as the store can tell.
    entries: u64,
}

pub(super) async fn run(context: &Context, drop: &args::DropIndex) -> Result<(), Failure> {
    let name = name_of(context, &drop.name)?;
    let store = context.open_store().await?;
    let vectors = context.vectors(&store).await?;
    let Some(info) = look_up(&vectors, &name).await? else {
        return Err(missing(context, &drop.name));
    };
    if !drop.yes {
        confirm(context, &drop.name, info.entries)?;
    }
    if !vectors.store.open(&name, &info.schema).drop_index().await? {
        return Err(missing(context, &drop.name));
    }
    let namespace = context.settings.namespace.as_str();
    if context.output.json {
        let answer = Answer { index: &drop.name, namespace, entries: info.entries };
        return context.output.object(&answer);
    }
    let entries = figures::count(info.entries);
    context.output.line(&context.language().index_dropped(&drop.name, &entries))
}

fn confirm(context: &Context, name: &str, entries: u64) -> Result<(), Failure> {
    let language = context.language();
    let namespace = context.settings.namespace.as_str();
    let question = language.confirm_drop(name, namespace, &figures::count(entries));
    match context.output.confirm(&question) {
        None => Err(Failure::Usage(language.drop_needs_yes())),
        Some(true) => Ok(()),
        Some(false) => {
            context.output.note(&language.nothing_cleared());
            Err(Failure::Negative)
        }
    }
}
