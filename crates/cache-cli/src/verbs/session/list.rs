//! `session list`: an owner's conversations, the most recent first.

use serde::Serialize;

use super::{Described, open};
use crate::args;
use crate::context::Context;
use crate::failure::Failure;
use crate::figures;

#[derive(Debug, Serialize)]
struct Answer<'a> {
    owner: &'a str,
    /// All that the owner has.
    count: u64,
    sessions: Vec<Described>,
}

pub(super) async fn run(context: &Context, list: &args::List) -> Result<(), Failure> {
    let owner = &list.whose.owner;
    let store = open(context, &list.whose).await?;
    let count = store.count(owner).await?;
    let page = store.list(owner, list.skip, list.most).await?;
    let sessions: Vec<_> = page.into_iter().map(Described::of).collect();
    if context.output.json {
        return context.output.object(&Answer { owner, count, sessions });
    }
    let language = context.language();
    let row = |session: &Described| (session.id.clone(), session.shown(language));
    context.output.rows(&sessions.iter().map(row).collect::<Vec<_>>())?;
    if sessions.len() as u64 != count {
        let (shown, all) = (figures::count(sessions.len() as u64), figures::count(count));
        context.output.note(&language.shown_of_all(&shown, &all));
    }
    Ok(())
}
