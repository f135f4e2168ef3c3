//! Reading a conversation.

use cache_core::{LogHead, LogPage, LogRead};

use super::Session;
use crate::span::{Told, traced};
use crate::stored::{self, Attributes};
use crate::{Error, Message, SessionInfo, Window};

/// Messages read at once where all are gone through.
const PAGE: usize = 256;

/// Every method gives nothing for a session that is not there.
impl Session {
    /// The last messages, at most so many, in order. Costs by what is read.
    ///
    /// # Errors
    /// When the store fails or a message does not verify.
    pub async fn last(&self, most: usize) -> Result<Vec<Message>, Error> {
        self.traced_messages("last", LogRead::Last(most)).await
    }

    /// The pinned messages, and as many of the last as fit: all together at most so many tokens.
    /// Costs by what is read, not by the session's length. See [`Window`].
    ///
    /// # Errors
    /// As [`last`](Self::last).
    pub async fn window(&self, max_tokens: u64) -> Result<Window, Error> {
        self.window_of(max_tokens, usize::MAX).await
    }

    /// A [`window`](Self::window) of at most so many messages, pinned ones not counted.
    ///
    /// # Errors
    /// As [`last`](Self::last).
    pub async fn window_of(&self, max_tokens: u64, max_messages: usize) -> Result<Window, Error> {
        let what = LogRead::Window { max_weight: max_tokens, max_records: max_messages };
        let call = async {
            match self.page(what).await? {
                Some((head, messages)) => Ok(Window::new(&head, messages)),
                None => Ok(Window { messages: Vec::new(), tokens: 0, omitted: 0 }),
            }
        };
        traced("window", call, |window| Told::messages(window.messages.len())).await
    }

    /// Messages from this number on, at most so many.
    ///
    /// # Errors
    /// As [`last`](Self::last).
    pub async fn range(&self, from: u64, most: usize) -> Result<Vec<Message>, Error> {
        self.traced_messages("range", LogRead::From { seq: from, most }).await
    }

    /// Messages after the one of this id, at most so many; none when the session does not have
    /// that one.
    ///
    /// # Errors
    /// As [`last`](Self::last).
    pub async fn since(&self, id: &str, most: usize) -> Result<Vec<Message>, Error> {
        self.traced_messages("since", LogRead::After { id: id.to_owned(), most }).await
    }

    /// The message of this id.
    ///
    /// # Errors
    /// As [`last`](Self::last).
    pub async fn get(&self, id: &str) -> Result<Option<Message>, Error> {
        traced("get", self.find(id), Told::found).await
    }

    /// All messages of a role. Goes through the whole session.
    ///
    /// # Errors
    /// As [`last`](Self::last).
    pub async fn by_role(&self, role: &str) -> Result<Vec<Message>, Error> {
        let call = async {
            let (mut found, mut from) = (Vec::new(), 0);
            while let Some((page, next)) = self.page_from(from, u64::MAX).await? {
                found.extend(page.into_iter().filter(|message| message.role() == role));
                from = next;
            }
            Ok(found)
        };
        traced("by_role", call, |found: &Vec<_>| Told::messages(found.len())).await
    }

    /// What is known of the session; `None` when it is not there.
    ///
    /// # Errors
    /// When the store fails or the session's title does not verify.
    pub async fn info(&self) -> Result<Option<SessionInfo>, Error> {
        traced("info", self.read_info(), Told::found).await
    }

    pub(crate) async fn read_info(&self) -> Result<Option<SessionInfo>, Error> {
        let head = self.store.backend().head(&self.log).await?;
        head.map(|head| self.info_of(&head)).transpose()
    }

    pub(crate) fn info_of(&self, head: &LogHead) -> Result<SessionInfo, Error> {
        Ok(SessionInfo::new(head, Attributes::decode(&self.log, &head.attributes)?))
    }

    /// The next messages from a number on, up to another, and where those after them begin; `None`
    /// at the end.
    pub(crate) async fn page_from(
        &self,
        from: u64,
        until: u64,
    ) -> Result<Option<(Vec<Message>, u64)>, Error> {
        if from > until {
            return Ok(None);
        }
        let mut page = self.messages(LogRead::From { seq: from, most: PAGE }).await?;
        let Some(last) = page.last().map(|message| message.seq) else { return Ok(None) };
        page.retain(|message| message.seq <= until);
        Ok(Some((page, last + 1)))
    }

    /// The message of this id, for calls that do more.
    pub(super) async fn find(&self, id: &str) -> Result<Option<Message>, Error> {
        Ok(self.messages(LogRead::Ids(vec![id.to_owned()])).await?.pop())
    }

    async fn traced_messages(
        &self,
        operation: &'static str,
        what: LogRead,
    ) -> Result<Vec<Message>, Error> {
        let count = |messages: &Vec<_>| Told::messages(messages.len());
        traced(operation, self.messages(what), count).await
    }

    async fn messages(&self, what: LogRead) -> Result<Vec<Message>, Error> {
        Ok(self.page(what).await?.map_or_else(Vec::new, |(_, messages)| messages))
    }

    pub(crate) async fn page(
        &self,
        what: LogRead,
    ) -> Result<Option<(LogHead, Vec<Message>)>, Error> {
        let page = self.store.backend().read(&self.log, &what).await?;
        let Some(LogPage { head, records }) = page else { return Ok(None) };
        let decode = |record| stored::decode(&self.log, record);
        let messages = records.into_iter().map(decode).collect::<Result<_, _>>()?;
        Ok(Some((head, messages)))
    }
}
