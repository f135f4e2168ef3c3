//! A handle's calls under the keys of the model that answers now.

use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};

use cache_core::CacheError;

use super::ModelCache;
use crate::engine::{Answering, Call, Learned};
use crate::{Error, Lookup, MissCause, Mode, span};

type Results = Vec<Result<Lookup, Error>>;

/// A model may change while a call is under way; so often the call begins anew.
const MOST_CHANGES: usize = 3;

/// The call of a handle of the provider's own, made anew when another model answers.
#[derive(Debug, Default)]
pub(super) struct Bindings(RwLock<Option<Arc<Call>>>);

/// A call that is ready to be made.
pub(super) enum Bound<'a> {
    /// It does not depend on which model answers.
    Own(&'a Call),
    /// Under the keys of a model.
    Answering(Arc<Call>),
}

impl Deref for Bound<'_> {
    type Target = Call;

    fn deref(&self) -> &Call {
        match self {
            Self::Own(call) => call,
            Self::Answering(call) => call,
        }
    }
}

impl ModelCache {
    fn answering(&self) -> Option<(&Answering, &Arc<Bindings>)> {
        self.core.answering.as_ref().zip(self.bindings.as_ref())
    }

    /// A hit in this process's memory, if it knows all that the call depends on.
    pub(super) fn local_hit(&self, text: &str) -> Option<Lookup> {
        self.core.local_hit(&*self.known()?, text)
    }

    /// The call, if this process knows all that it depends on.
    pub(super) fn known(&self) -> Option<Bound<'_>> {
        match self.answering() {
            None => Some(Bound::Own(&self.call)),
            Some((answering, bindings)) => {
                answering.current().map(|model| Bound::Answering(self.under(bindings, model)))
            }
        }
    }

    /// The call, if this process or the store knows all that it depends on.
    pub(super) async fn bound(&self) -> Result<Option<Bound<'_>>, CacheError> {
        let Some((answering, bindings)) = self.answering() else {
            return Ok(Some(Bound::Own(&self.call)));
        };
        let model = self.core.answering_model(answering).await?;
        Ok(model.map(|model| Bound::Answering(self.under(bindings, model))))
    }

    fn under(&self, bindings: &Bindings, model: Arc<str>) -> Arc<Call> {
        let of_model = |call: &&Arc<Call>| call.answering.as_deref() == Some(&*model);
        let bound = bindings.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(call) = bound.as_ref().filter(of_model) {
            return Arc::clone(call);
        }
        drop(bound);
        let call = Arc::new(self.call_of(model));
        *bindings.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&call));
        call
    }

    /// The call under the keys of this model.
    fn call_of(&self, model: Arc<str>) -> Call {
        let mut identity = self.identity.clone();
        identity.version = Some((*model).to_owned());
        Call {
            profile: Arc::new(self.core.profile(&self.scope, &identity, &self.call.embed)),
            token_price: self.core.token_price(&identity),
            answering: Some(model),
            ..self.call.clone()
        }
    }

    /// Looks texts up and lets the provider compute the missing ones, whichever model it has.
    pub(super) async fn provided(&self, texts: &[&str]) -> Result<Results, Error> {
        let provider = self.own_provider()?;
        if self.answering().is_none() || self.call.mode == Mode::Bypass {
            return Ok(self.core.detached(&self.call, texts, provider).await);
        }
        let mut given = None;
        let mut results = Results::new();
        for _ in 0..MOST_CHANGES {
            let bound = match self.bound().await {
                Ok(Some(bound)) => bound,
                Ok(None) => match Box::pin(self.learn(texts)).await {
                    Ok(Learned::Here { index: 0, lookup, .. }) if texts.len() == 1 => {
                        span::record_causes(std::iter::once(MissCause::Absent));
                        return Ok(vec![Ok(lookup)]);
                    }
                    Ok(Learned::Here { key, lookup, .. }) => {
                        given = Some(Arc::new((key, lookup)));
                        continue;
                    }
                    Ok(Learned::Known) => continue,
                    Ok(Learned::Nothing) => Bound::Answering(self.unbound()),
                    Err(error) => return Ok(texts.iter().map(|_| Err(error.clone())).collect()),
                },
                Err(error) if self.core.config.strict => return Err(error.into()),
                Err(_) => Bound::Answering(self.unbound()),
            };
            let call = Call { given: given.clone(), ..bound.clone() };
            results = self.core.detached(&call, texts, self.own_provider()?).await;
            let moved = self.known().is_some_and(|now| now.answering != bound.answering);
            if !moved || bound.answering.is_none() {
                break;
            }
        }
        Ok(results)
    }

    /// The call for vectors that do not come from the provider: nobody is asked which model it has.
    pub(super) async fn bound_for_closure(&self) -> Result<Bound<'_>, Error> {
        match self.bound().await {
            Ok(Some(bound)) => Ok(bound),
            Err(error) if self.core.config.strict => Err(error.into()),
            Ok(None) | Err(_) => Ok(Bound::Answering(self.unbound())),
        }
    }

    async fn learn(&self, texts: &[&str]) -> Result<Learned, Error> {
        let handle = self.clone();
        let call_of = move |model| Arc::new(handle.call_of(model));
        self.core.learn(&self.call, texts, call_of).await
    }

    /// The call when it cannot be known which model answers: nothing is stored under keys that say
    /// nothing of the model, so that nothing is found there either.
    fn unbound(&self) -> Arc<Call> {
        Arc::new(Call { mode: Mode::ReadOnly, ..self.call.clone() })
    }
}
