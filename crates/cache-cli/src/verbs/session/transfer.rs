//! `session export` and `session import`: conversations as lines of JSON.

use std::io;
use std::path::Path;

use serde::Serialize;
use tokio::fs::File;
use tokio::io::{AsyncBufRead, AsyncWrite, AsyncWriteExt, BufReader, BufWriter};

use super::{existing, open};
use crate::args;
use crate::context::Context;
use crate::failure::Failure;
use crate::figures;

#[derive(Debug, Serialize)]
struct Exported<'a> {
    session: &'a str,
    messages: u64,
}

#[derive(Debug, Serialize)]
struct Imported<'a> {
    session: &'a str,
    appended: u64,
    /// Messages that the session had already.
    known: u64,
}

/// To standard output, or to a file, which is there as a whole or not at all.
pub(super) async fn export(context: &Context, export: &args::Export) -> Result<(), Failure> {
    let (session, _) = existing(context, &export.whose, &export.id).await?;
    let Some(path) = export.output.as_deref().filter(|path| *path != Path::new("-")) else {
        session.export(BufWriter::new(tokio::io::stdout())).await?;
        return Ok(());
    };
    let unwritable = |error: io::Error| {
        let path = path.display().to_string();
        Failure::Machine(context.language().cannot_write_file(&path, &error.to_string()))
    };
    let mut partial = path.as_os_str().to_owned();
    partial.push(".part");
    let file = File::create(&partial).await.map_err(unwritable)?;
    let messages = match write(&session, file).await {
        Ok(messages) => messages,
        Err(error) => {
            let _ = tokio::fs::remove_file(&partial).await;
            return Err(error.into());
        }
    };
    tokio::fs::rename(&partial, path).await.map_err(unwritable)?;
    if context.output.json {
        return context.output.object(&Exported { session: session.id(), messages });
    }
    let place = path.display().to_string();
    context.output.line(&context.language().exported(&figures::count(messages), &place))
}

async fn write(
    session: &caching_with_redis::session::Session,
    file: File,
) -> Result<u64, caching_with_redis::session::Error> {
    let mut out = BufWriter::new(file);
    let messages = session.export(&mut out as &mut (dyn AsyncWrite + Unpin + Send)).await?;
    out.flush().await?;
    out.get_ref().sync_all().await?;
    Ok(messages)
}

pub(super) async fn import(context: &Context, import: &args::Import) -> Result<(), Failure> {
    let lines: Box<dyn AsyncBufRead + Unpin + Send> = if import.source == Path::new("-") {
        Box::new(BufReader::new(tokio::io::stdin()))
    } else {
        let path = import.source.display().to_string();
        let file = File::open(&import.source).await;
        let file = file.map_err(|error| {
            Failure::Machine(context.language().cannot_read_file(&path, &error.to_string()))
        })?;
        Box::new(BufReader::new(file))
    };
    let store = open(context, &import.whose).await?;
    let owner = &import.whose.owner;
    let session = match &import.to {
        Some(id) => store.session(owner, id),
        None => store.create(owner),
    };
    let done = session.import(lines).await?;
    if context.output.json {
        let (appended, known) = (done.appended, done.known);
        return context.output.object(&Imported { session: session.id(), appended, known });
    }
    let language = context.language();
    let (appended, known) = (figures::count(done.appended), figures::count(done.known));
    context.output.rows(&[
        (language.label_session(), session.id().to_owned()),
        (language.label_messages(), language.imported(&appended, &known)),
    ])
}
