//! One conversation.

mod change;
mod compact;
mod read;
mod trim;

use std::fmt;

use bytes::Bytes;
use cache_core::{AppendOptions, LogKey, NewRecord};

pub use compact::Compacted;
pub use trim::Trimmed;

use crate::span::{Told, traced};
use crate::stored::Attributes;
use crate::{Error, NewMessage, SessionInfo, SessionStore};

/// A handle on one conversation. Cloning copies a handle.
///
/// # Order
/// The store numbers messages as they come; every reader sees them in that order, and no clock has
/// a part in it.
///
/// # Expiry
/// A session expires as a whole: its first message lives as long as its last. Appending gives it
/// the store's time to live anew; editing, deleting messages, renaming and summarizing leave it
/// the time that it has.
#[derive(Clone)]
pub struct Session {
    store: SessionStore,
    log: LogKey,
    id: String,
}

/// What an append did.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Appended {
    /// For each message that was given.
    pub receipts: Vec<Receipt>,
    /// Messages that the limits dropped.
    pub dropped: u64,
    /// Messages that the session has now.
    pub len: u64,
    /// Their tokens.
    pub tokens: u64,
}

/// What became of a message that was appended.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// Its id.
    pub id: String,
    /// Its number; 0 when it was appended before and limits or a summary removed it since.
    pub seq: u64,
    /// Whether it had been appended before, and nothing was done.
    pub known: bool,
}

impl Session {
    pub(crate) fn new(store: SessionStore, log: LogKey, id: String) -> Self {
        Self { store, log, id }
    }

    /// The id. Whoever has it, the owner's name and the scope can read the session.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Appends a message.
    ///
    /// Who does not know whether an append took place (a timeout, say) appends the same
    /// [`NewMessage`] again: it is appended once.
    ///
    /// # Errors
    /// When the store fails or the session is full; nothing is appended then.
    pub async fn append(&self, message: impl Into<NewMessage>) -> Result<Appended, Error> {
        self.append_all([message]).await
    }

    /// Appends messages together, in this order: all or none.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub async fn append_all<M: Into<NewMessage>>(
        &self,
        messages: impl IntoIterator<Item = M>,
    ) -> Result<Appended, Error> {
        self.append_traced(messages, None).await
    }

    /// Appends messages, if the session has this many: nobody has said anything in between. An
    /// append that took place already is not asked.
    ///
    /// # Errors
    /// As [`append`](Self::append), and of the kind
    /// [`Conflict`](cache_core::ErrorKind::Conflict) when the session has more messages, or fewer.
    pub async fn append_at<M: Into<NewMessage>>(
        &self,
        expected_len: u64,
        messages: impl IntoIterator<Item = M>,
    ) -> Result<Appended, Error> {
        self.append_traced(messages, Some(expected_len)).await
    }

    async fn append_traced<M: Into<NewMessage>>(
        &self,
        messages: impl IntoIterator<Item = M>,
        expected_len: Option<u64>,
    ) -> Result<Appended, Error> {
        let attributes = self.attributes();
        let call = self.append_with(messages, expected_len, &attributes);
        traced("append", call, |done| Told::messages(done.receipts.len())).await
    }

    /// Makes the session in the store, so that it is listed before the first message comes. One
    /// that is there keeps its title, and is given the store's time to live anew.
    ///
    /// # Errors
    /// When the store fails, or the title is too long.
    pub async fn create(&self, title: Option<&str>) -> Result<SessionInfo, Error> {
        let call = async {
            let attributes = Attributes { title: title.map(str::to_owned), ..self.attributes() };
            let options = self.options(attributes.encode(&self.log)?);
            let head = self.store.backend().append(&self.log, &[], &options).await?.head;
            self.info_of(&head)
        };
        traced("create", call, Told::done).await
    }

    pub(crate) async fn append_with<M: Into<NewMessage>>(
        &self,
        messages: impl IntoIterator<Item = M>,
        expected_len: Option<u64>,
        attributes: &Attributes,
    ) -> Result<Appended, Error> {
        let record = |message: M| self.store.record(&self.log, message.into());
        let records: Vec<NewRecord> = messages.into_iter().map(record).collect::<Result<_, _>>()?;
        let mut options = self.options(attributes.encode(&self.log)?);
        options.expected_len = expected_len;
        let appended = self.store.backend().append(&self.log, &records, &options).await?;
        let outcomes = appended.seqs.into_iter().zip(appended.known);
        let receipts = records
            .into_iter()
            .zip(outcomes)
            .map(|(record, (seq, known))| Receipt { id: record.id, seq, known })
            .collect();
        let (len, tokens) = (appended.head.len, appended.head.weight);
        Ok(Appended { receipts, dropped: appended.dropped, len, tokens })
    }

    /// What a session that is made by an append starts with.
    pub(crate) fn attributes(&self) -> Attributes {
        Attributes { id: self.id.clone(), ..Attributes::default() }
    }

    fn options(&self, attributes: Bytes) -> AppendOptions {
        let settings = self.store.settings();
        AppendOptions::new(settings.ttl).with_limits(settings.limits).with_attributes(attributes)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("log", &self.log).finish_non_exhaustive()
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receipt")
            .field("seq", &self.seq)
            .field("known", &self.known)
            .finish_non_exhaustive()
    }
}
