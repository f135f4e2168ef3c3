//! Sessions as lines of JSON.

use std::io;
use std::time::Duration;

use cache_core::NewRecord;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt};

use crate::info::moment;
use crate::span::{Told, traced};
use crate::stored::{Attributes, millis};
use crate::{ChatMessage, Error, LineProblem, Message, Metadata, NewMessage, Session, SessionInfo};

/// Newer versions of the form have a higher number.
const FORMAT: u32 = 1;
/// What is appended together.
const BATCH_MESSAGES: usize = 256;
const BATCH_BYTES: usize = 4 << 20;

/// What an import did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Imported {
    /// Messages that were appended.
    pub appended: u64,
    /// Messages that the session had, or had had, already.
    pub known: u64,
}

/// One line of an export.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    Session(SessionLine),
    Message(MessageLine),
}

#[derive(Serialize, Deserialize)]
struct SessionLine {
    format: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    metadata: Metadata,
}

#[derive(Serialize, Deserialize)]
struct MessageLine {
    id: String,
    /// Milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tokens: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pinned: Option<bool>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    summary: bool,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    metadata: Metadata,
    chat: Value,
}

impl Session {
    /// Writes the session as lines of JSON, one for the session and one for each message, a page at
    /// a time; says how many messages. Nothing is written for a session that is not there.
    ///
    /// ```text
    /// {"session":{"format":1,"title":"Moon","metadata":{"channel":"web"}}}
    /// {"message":{"id":"V1StGXR8…","time":1732233600000,"tokens":9,"pinned":false,"chat":{"role":"user",…}}}
    /// ```
    ///
    /// # Errors
    /// When the store fails, a message does not verify, or `out` fails.
    pub async fn export(&self, out: impl AsyncWrite + Unpin) -> Result<u64, Error> {
        traced("export", self.write_lines(out), |count| Told::counted(*count)).await
    }

    async fn write_lines(&self, mut out: impl AsyncWrite + Unpin) -> Result<u64, Error> {
        let Some(info) = self.read_info().await? else { return Ok(0) };
        let SessionInfo { title, metadata, .. } = info;
        let head = SessionLine { format: FORMAT, title, metadata };
        write_line(&mut out, &Line::Session(head)).await?;
        let (mut count, mut from) = (0, 0);
        while let Some((page, next)) = self.page_from(from, u64::MAX).await? {
            count += page.len() as u64;
            for message in page {
                write_line(&mut out, &Line::Message(MessageLine::of(message))).await?;
            }
            from = next;
        }
        out.flush().await?;
        Ok(count)
    }

    /// Reads an [export](Self::export), of this session or another, to the end of this one. A
    /// message that the session has already is left as it is, so that an import that broke off is
    /// simply done again. A session that is not there is made, with the export's title.
    ///
    /// # Errors
    /// [`Error::Line`] for a line that is no message; those before it may have been imported. When
    /// the store fails or the session is full. When reading fails.
    pub async fn import(&self, lines: impl AsyncBufRead + Unpin) -> Result<Imported, Error> {
        traced("import", self.read_lines(lines), |done| Told::counted(done.appended)).await
    }

    async fn read_lines(&self, mut lines: impl AsyncBufRead + Unpin) -> Result<Imported, Error> {
        let mut import = Import::new(self);
        let mut line = Vec::new();
        let mut number = 0;
        while lines.read_until(b'\n', &mut line).await? > 0 {
            number += 1;
            if !line.trim_ascii().is_empty() {
                let taken = Line::parse(&line).and_then(|line| import.take(line));
                taken.map_err(|problem| Error::Line { line: number, problem })?;
                import.bytes += line.len();
            }
            if import.batch.len() >= BATCH_MESSAGES || import.bytes >= BATCH_BYTES {
                import.append().await?;
            }
            line.clear();
        }
        // Also without messages: an empty session has a title.
        import.append().await?;
        Ok(import.done)
    }
}

async fn write_line(out: &mut (impl AsyncWrite + Unpin), line: &Line) -> Result<(), Error> {
    let mut text = serde_json::to_vec(line).map_err(io::Error::from)?;
    text.push(b'\n');
    Ok(out.write_all(&text).await?)
}

impl Line {
    fn parse(text: &[u8]) -> Result<Self, LineProblem> {
        // In two steps: what is said of a line must not show what is in it.
        let value: Value = serde_json::from_slice(text)
            .map_err(|error| LineProblem::NotJson { column: error.column() })?;
        Self::deserialize(value).map_err(|_| LineProblem::NotOurs)
    }
}

impl MessageLine {
    fn of(message: Message) -> Self {
        Self {
            id: message.id,
            time: Some(millis(message.time)),
            tokens: Some(message.tokens),
            pinned: Some(message.pinned),
            summary: message.summary,
            metadata: message.metadata,
            chat: message.chat.into_chat(),
        }
    }

    fn into_new(self) -> Result<NewMessage, LineProblem> {
        let length = 1..=NewRecord::MAX_ID_BYTES;
        let chat =
            ChatMessage::from_chat(self.chat).ok().filter(|_| length.contains(&self.id.len()));
        Ok(NewMessage {
            id: self.id,
            chat: chat.ok_or(LineProblem::NotOurs)?,
            metadata: self.metadata,
            pinned: self.pinned,
            tokens: self.tokens,
            time: self.time.map(|millis| moment(Duration::from_millis(millis))),
            summary: self.summary,
        })
    }
}

/// An import under way.
struct Import<'s> {
    session: &'s Session,
    attributes: Attributes,
    batch: Vec<NewMessage>,
    bytes: usize,
    begun: bool,
    done: Imported,
}

impl<'s> Import<'s> {
    fn new(session: &'s Session) -> Self {
        Self {
            session,
            attributes: session.attributes(),
            batch: Vec::new(),
            bytes: 0,
            begun: false,
            done: Imported::default(),
        }
    }

    fn take(&mut self, line: Line) -> Result<(), LineProblem> {
        match line {
            Line::Session(head) if head.format > FORMAT => return Err(LineProblem::NewerVersion),
            Line::Session(_) if self.begun => return Err(LineProblem::NotOurs),
            Line::Session(SessionLine { title, metadata, .. }) => {
                self.attributes = Attributes { title, metadata, ..self.session.attributes() };
            }
            Line::Message(message) => self.batch.push(message.into_new()?),
        }
        self.begun = true;
        Ok(())
    }

    async fn append(&mut self) -> Result<(), Error> {
        if !self.begun {
            return Ok(());
        }
        let batch = std::mem::take(&mut self.batch);
        self.bytes = 0;
        let appended = self.session.append_with(batch, None, &self.attributes).await?;
        for receipt in appended.receipts {
            *if receipt.known { &mut self.done.known } else { &mut self.done.appended } += 1;
        }
        Ok(())
    }
}
