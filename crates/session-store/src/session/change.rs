//! Changing a conversation.

use cache_core::{CacheError, ErrorKind};
use serde_json::Value;

use super::Session;
use crate::span::{Told, traced};
use crate::stored::Attributes;
use crate::{Error, Metadata, NewMessage, Ttl, id};

/// Others that append all the while are in the way only for a moment each time.
const ATTEMPTS: usize = 1_000;

impl Session {
    /// Puts another message in the place of the one of this id; says whether that one is there. It
    /// keeps its id, its place and, where the new one does not say, its time and whether it is
    /// pinned. Of two who edit at once, the later wins.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn edit(&self, id: &str, message: impl Into<NewMessage>) -> Result<bool, Error> {
        let call = async {
            let Some(old) = self.find(id).await? else { return Ok(false) };
            let mut message = message.into().with_id(id);
            message.time.get_or_insert(old.time);
            message.pinned.get_or_insert(old.pinned);
            message.summary = old.summary;
            let record = self.store.record(&self.log, message)?;
            Ok(self.store.backend().replace(&self.log, &record).await?)
        };
        traced("edit", call, Told::there).await
    }

    /// Deletes a message; says whether it was there. The others keep their order. Its id is free
    /// again.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn delete_message(&self, id: &str) -> Result<bool, Error> {
        let call = async {
            let deleted = self.store.backend().remove(&self.log, &[id]).await?;
            Ok(deleted.contains(&true))
        };
        traced("delete_message", call, Told::there).await
    }

    /// Deletes the session with all that belongs to it; says whether it was there.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn delete(&self) -> Result<bool, Error> {
        let call = async { Ok(self.store.backend().remove_log(&self.log).await?) };
        traced("delete", call, Told::there).await
    }

    /// Copies the session, up to and including the message of this id, to a new session of the
    /// same owner; all of it when `at` is `None`. The new session has the title and metadata of
    /// this one, an id that nobody guesses and the store's time to live; this one is left as it is.
    /// Gives `None` when the session or the message is not there.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn fork(&self, at: Option<&str>) -> Result<Option<Self>, Error> {
        traced("fork", self.copy_until(at), Told::found).await
    }

    async fn copy_until(&self, at: Option<&str>) -> Result<Option<Self>, Error> {
        let until = match at {
            None => None,
            Some(message) => match self.find(message).await? {
                Some(message) => Some(message.seq),
                None => return Ok(None),
            },
        };
        let backend = self.store.backend();
        let Some(head) = backend.head(&self.log).await? else { return Ok(None) };
        let id = id::random();
        let attributes = Attributes {
            id: id.clone(),
            forked_from: Some(self.id.clone()),
            ..Attributes::decode(&self.log, &head.attributes)?
        };
        let to = self.log.group().log(&id);
        let ttl = self.store.settings().ttl;
        let attributes = attributes.encode(&to)?;
        let made = backend.fork(&self.log, &to, until, attributes, ttl).await?;
        Ok(made.map(|_| Self::new(self.store.clone(), to, id)))
    }

    /// Gives the session a title, or none; says whether it is there.
    ///
    /// # Errors
    /// When the store fails or the title is too long.
    pub async fn rename(&self, title: Option<&str>) -> Result<bool, Error> {
        let call = self.update(|attributes| attributes.title = title.map(str::to_owned));
        traced("rename", call, Told::there).await
    }

    /// Adds to the session's metadata: names that it has are given the new value, null removes one.
    /// What others add at the same time stays. Says whether the session is there.
    ///
    /// # Errors
    /// When the store fails, or title and metadata together take more than 64 KiB.
    pub async fn merge_metadata(&self, changes: &Metadata) -> Result<bool, Error> {
        let call = self.update(|attributes| {
            for (name, value) in changes {
                match value {
                    Value::Null => drop(attributes.metadata.shift_remove(name)),
                    value => drop(attributes.metadata.insert(name.clone(), value.clone())),
                }
            }
        });
        traced("merge_metadata", call, Told::there).await
    }

    /// Gives the session a new time to live from now; says whether it is there.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn touch(&self, ttl: Ttl) -> Result<bool, Error> {
        let call = async { Ok(self.store.backend().touch(&self.log, ttl).await?) };
        traced("touch", call, Told::there).await
    }

    /// Changes title or metadata, again from the start when somebody changed the session meanwhile.
    async fn update(&self, change: impl Fn(&mut Attributes)) -> Result<bool, Error> {
        let backend = self.store.backend();
        for _ in 0..ATTEMPTS {
            let Some(head) = backend.head(&self.log).await? else { return Ok(false) };
            let mut attributes = Attributes::decode(&self.log, &head.attributes)?;
            change(&mut attributes);
            let attributes = attributes.encode(&self.log)?;
            match backend.set_attributes(&self.log, attributes, head.version).await {
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                Err(error) => return Err(error.into()),
                Ok(head) => return Ok(head.is_some()),
            }
        }
        let message = "the session changes faster than its title can be set; try again";
        Err(CacheError::new(ErrorKind::Conflict, message).into())
    }
}
