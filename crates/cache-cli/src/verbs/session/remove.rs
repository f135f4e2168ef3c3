//! `session rm`: one conversation, or all of an owner.

use serde::Serialize;

use super::{existing, open};
use crate::args;
use crate::context::Context;
use crate::failure::Failure;
use crate::figures;

#[derive(Debug, Serialize)]
struct Answer<'a> {
    owner: &'a str,
    removed: u64,
}

pub(super) async fn run(context: &Context, remove: &args::Remove) -> Result<(), Failure> {
    let owner = &remove.whose.owner;
    let removed = match &remove.id {
        Some(id) => {
            let (session, _) = existing(context, &remove.whose, id).await?;
            u64::from(session.delete().await?)
        }
        None => {
            let store = open(context, &remove.whose).await?;
            if !remove.yes {
                confirm(context, owner, store.count(owner).await?)?;
            }
            store.delete_all(owner).await?
        }
    };
    if context.output.json {
        return context.output.object(&Answer { owner, removed });
    }
    context.output.line(&context.language().sessions_removed(&figures::count(removed), owner))
}

fn confirm(context: &Context, owner: &str, sessions: u64) -> Result<(), Failure> {
    let language = context.language();
    let question = language.confirm_sessions(&figures::count(sessions), owner);
    match context.output.confirm(&question) {
        None => Err(Failure::Usage(language.rm_needs_yes())),
        Some(true) => Ok(()),
        Some(false) => {
            context.output.note(&language.nothing_cleared());
            Err(Failure::Negative)
        }
    }
}
