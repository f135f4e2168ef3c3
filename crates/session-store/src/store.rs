//! All sessions of an application.

use std::fmt;
use std::sync::Arc;

use cache_core::{BackendInfo, LogGroup, LogKey, LogUsage, NewRecord, Scope};
use tokio::io::AsyncBufRead;

use crate::builder::Builder;
use crate::span::{Told, traced};
use crate::stored::{self, Attributes};
use crate::{Error, Imported, LogBackend, NewMessage, Session, SessionInfo, SessionUsage, id};

/// Conversations, in a store of ordered logs. Cloning copies a handle.
///
/// A session belongs to an owner (a user, say) in a [scope](Scope). Sessions of different scopes or
/// owners never meet: whoever guesses an id finds nothing without the owner and the scope.
///
/// # Concurrency
/// All methods may be called from any number of tasks and processes.
#[derive(Clone)]
pub struct SessionStore {
    settings: Arc<Builder>,
    scope: Scope,
}

impl SessionStore {
    /// Settings for sessions in this backend.
    pub fn builder(backend: Arc<dyn LogBackend>) -> Builder {
        Builder::new(backend)
    }

    pub(crate) fn new(settings: Builder) -> Self {
        Self { scope: settings.scope.clone(), settings: Arc::new(settings) }
    }

    /// The same store, for the sessions of another scope.
    #[must_use]
    pub fn with_scope(&self, scope: Scope) -> Self {
        Self { settings: Arc::clone(&self.settings), scope }
    }

    /// A new session of this owner, with an id that nobody guesses. Nothing is written before the
    /// first message, or title, comes: see [`Session::create`] to write it at once.
    #[must_use]
    pub fn create(&self, owner: &str) -> Session {
        self.session(owner, &id::random())
    }

    /// The session of this id, whether it is there or not: reading one that is not there gives
    /// nothing, appending makes it.
    #[must_use]
    pub fn session(&self, owner: &str, id: &str) -> Session {
        Session::new(self.clone(), self.group(owner).log(id), id.to_owned())
    }

    /// The owner's sessions, the most recently appended to first, without the first `skip`. Costs
    /// by the page.
    ///
    /// # Errors
    /// When the store fails, or a session's title does not verify.
    pub async fn list(
        &self,
        owner: &str,
        skip: usize,
        most: usize,
    ) -> Result<Vec<SessionInfo>, Error> {
        let call = async {
            let group = self.group(owner);
            let heads = self.backend().list(&group, skip, most).await?;
            // What is stored is bound to the group, so that any log of it will do.
            let any = group.log("");
            let info = |head: &cache_core::LogHead| {
                Ok(SessionInfo::new(head, Attributes::decode(&any, &head.attributes)?))
            };
            heads.iter().map(info).collect()
        };
        traced("list", call, Told::done).await
    }

    /// How many sessions the owner has.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn count(&self, owner: &str) -> Result<u64, Error> {
        let call = async { Ok(self.backend().count(&self.group(owner)).await?) };
        traced("count", call, Told::done).await
    }

    /// Deletes all sessions of the owner; says how many there were.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn delete_all(&self, owner: &str) -> Result<u64, Error> {
        let call = async { Ok(self.backend().remove_group(&self.group(owner)).await?) };
        traced("delete_all", call, Told::done).await
    }

    /// Reads an [export](Session::export), of anybody's session, into a new session of this owner.
    /// To go on with an import that broke off, use [`Session::import`].
    ///
    /// # Errors
    /// As [`Session::import`].
    pub async fn import(
        &self,
        owner: &str,
        lines: impl AsyncBufRead + Unpin,
    ) -> Result<(Session, Imported), Error> {
        let session = self.create(owner);
        let imported = session.import(lines).await?;
        Ok((session, imported))
    }

    /// What all sessions of the namespace come to, of all owners and scopes. It looks at every one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn usage(&self) -> Result<SessionUsage, Error> {
        let call = async { Ok(self.backend().log_usage(&self.settings.namespace).await?) };
        let usage = traced("usage", call, Told::done).await?;
        let LogUsage { groups: owners, logs: sessions, records: messages, weight, bytes, .. } =
            usage;
        Ok(SessionUsage { owners, sessions, messages, tokens: weight, bytes })
    }

    /// Where the sessions are, for people. No secrets.
    #[must_use]
    pub fn backend_info(&self) -> BackendInfo {
        self.backend().log_info()
    }

    pub(crate) fn backend(&self) -> &dyn LogBackend {
        &*self.settings.backend
    }

    pub(crate) fn settings(&self) -> &Builder {
        &self.settings
    }

    pub(crate) fn record(&self, log: &LogKey, message: NewMessage) -> Result<NewRecord, Error> {
        stored::encode(log, message, &*self.settings.counter)
    }

    fn group(&self, owner: &str) -> LogGroup {
        let Builder { namespace, secret, .. } = &*self.settings;
        LogGroup::new(namespace.clone(), &self.scope, owner, secret.as_ref())
    }
}

impl fmt::Debug for SessionStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt(f)
    }
}
