//! One call of the store, within its budget.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use cache_core::{CacheBackend, CacheError, ErrorKind};

use crate::counts::Counts;
use crate::gate::Gate;
use crate::queue::Queue;
use crate::{GuardOptions, Operation};

/// A call that nobody waits for any more goes on for so long at most. Every store of this
/// workspace gives up sooner by itself.
pub(crate) const LATE: Duration = Duration::from_secs(5);

pub(crate) type Call<T> = Pin<Box<dyn Future<Output = Result<T, CacheError>> + Send>>;

/// What all handles of a guard share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) inner: Arc<dyn CacheBackend>,
    pub(crate) options: GuardOptions,
    pub(crate) counts: Arc<Counts>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) queue: Option<Queue>,
}

/// What becomes of a call that is over its budget.
pub(crate) enum Late<T> {
    /// It is dropped: carried out twice it would not be the same.
    Drop,
    /// It goes on. A write that comes late is a hit all the same; and a store that gives up on a
    /// dead connection has to see that nothing comes over it.
    GoOn,
    /// It goes on, and what it gives is given back.
    GiveBack(GiveBack<T>),
}

type GiveBack<T> = Box<dyn FnOnce(T) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

impl Shared {
    /// Makes a call if the store is not left alone. `wrote` says whether an answer shows that the
    /// store takes writes.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        operation: Operation,
        budget: Duration,
        late: Late<T>,
        wrote: impl FnOnce(&T) -> bool,
        mut call: Call<T>,
    ) -> Result<T, CacheError> {
        let permit = self.gate.admit(operation)?;
        match tokio::time::timeout(budget, &mut call).await {
            Ok(Ok(answer)) => {
                permit.succeeded(wrote(&answer));
                Ok(answer)
            }
            Ok(Err(error)) => {
                permit.failed(&error);
                Err(error)
            }
            Err(_) => {
                let error = over_budget(operation, budget);
                permit.failed(&error);
                late.go_on(call);
                Err(error)
            }
        }
    }
}

impl<T: Send + 'static> Late<T> {
    fn go_on(self, call: Call<T>) {
        let give_back = match self {
            Self::Drop => return,
            Self::GoOn => None,
            Self::GiveBack(give_back) => Some(give_back),
        };
        tokio::spawn(async move {
            if let Ok(Ok(answer)) = tokio::time::timeout(LATE, call).await
                && let Some(give_back) = give_back
            {
                give_back(answer).await;
            }
        });
    }
}

pub(crate) fn over_budget(operation: Operation, budget: Duration) -> CacheError {
    let message = format!(
        "the store did not answer ({}) within its budget of {} ms",
        operation.as_str(),
        budget.as_millis()
    );
    CacheError::new(ErrorKind::Timeout, message)
}
