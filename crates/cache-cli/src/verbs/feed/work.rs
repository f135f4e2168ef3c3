//! Batch after batch, with an eye on the user.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;

use crate::failure::Failure;

/// How often progress is looked at while no batch ends.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// What counts what has come of batches, and shows it.
pub(in crate::verbs) trait Account {
    /// Shows how it stands while no batch ends.
    fn tick(&mut self);

    /// Says that no more batches are begun.
    fn finishing(&self);

    /// What became of the work that the user interrupted.
    fn interrupted(&self) -> String;
}

/// A batch that is over.
pub(in crate::verbs) trait Done: Send + 'static {
    type Account: Account;

    /// Counts what came of it. Gives the failure after which going on makes no sense.
    fn tell(self, account: &mut Self::Account) -> Option<Failure>;
}

/// The work ended before the batches did.
pub(in crate::verbs) enum Ended {
    /// All batches that had begun are over, and in the account.
    Early(Failure),
    /// The user could not wait for them.
    AtOnce(Failure),
}

/// Works on batches, so many at once, until there are no more, the user interrupts, or going on makes no
/// sense. What came of them is in the account then, unless the user was in a hurry.
pub(in crate::verbs) async fn work<B, D, F>(
    mut batches: Receiver<Result<B, Failure>>,
    at_once: usize,
    account: &mut D::Account,
    mut begin: impl FnMut(B) -> F,
) -> Result<(), Ended>
where
    D: Done,
    F: Future<Output = D> + Send + 'static,
{
    let mut running = JoinSet::new();
    let mut interrupt = pin!(tokio::signal::ctrl_c());
    let mut looks = tokio::time::interval(BETWEEN_LOOKS);
    let mut ended: Option<Result<(), Failure>> = None;
    let mut interrupted = false;
    while ended.is_none() || !running.is_empty() {
        tokio::select! {
            biased;
            _ = &mut interrupt => {
                let failure = Failure::Interrupted(account.interrupted());
                if std::mem::replace(&mut interrupted, true) {
                    return Err(Ended::AtOnce(failure));
                }
                interrupt.set(tokio::signal::ctrl_c());
                ended = Some(Err(failure));
                account.finishing();
            }
            Some(done) = running.join_next() => {
                let failure = done.ok().and_then(|done: D| done.tell(account));
                // The last batches may fail when there are no more.
                if let (Some(failure), None | Some(Ok(()))) = (failure, &ended) {
                    ended = Some(Err(failure));
                }
            }
            _ = looks.tick() => account.tick(),
            next = batches.recv(), if ended.is_none() && running.len() < at_once => match next {
                Some(Ok(batch)) => {
                    running.spawn(begin(batch));
                }
                Some(Err(failure)) => ended = Some(Err(failure)),
                None => ended = Some(Ok(())),
            },
        }
    }
    ended.unwrap_or(Ok(())).map_err(Ended::Early)
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    #[derive(Default)]
    struct Told(u32);

    impl Account for Told {
        fn tick(&mut self) {}

        fn finishing(&self) {}

        fn interrupted(&self) -> String {
            String::new()
        }
    }

    /// What a batch is made to give.
    struct Given(Option<Failure>);

    impl Done for Given {
        type Account = Told;

        fn tell(self, account: &mut Told) -> Option<Failure> {
            account.0 += 1;
            self.0
        }
    }

    async fn ended(batches: Vec<Result<u64, Failure>>) -> (Result<(), Failure>, u32) {
        let (sender, receiver) = mpsc::channel(batches.len().max(1));
        for batch in batches {
            sender.try_send(batch).unwrap();
        }
        drop(sender);
        let mut account = Told::default();
        // A batch takes as long as its number says; one of odd length fails.
        let begin = |pause: u64| async move {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            Given((pause % 2 == 1).then_some(Failure::Negative))
        };
        let ended = work(receiver, 2, &mut account, begin).await.map_err(|ended| match ended {
            Ended::Early(failure) | Ended::AtOnce(failure) => failure,
        });
        (ended, account.0)
    }

    #[tokio::test]
    async fn a_failure_ends_the_work_even_in_the_last_batch() {
        assert!(matches!(ended(vec![]).await, (Ok(()), 0)));
        assert!(matches!(ended(vec![Ok(0), Ok(20), Ok(0)]).await, (Ok(()), 3)));
        assert!(matches!(ended(vec![Ok(21)]).await, (Err(Failure::Negative), 1)));
        let more = vec![Ok(1), Ok(100), Ok(0), Ok(0), Ok(0)];
        assert!(matches!(ended(more).await, (Err(Failure::Negative), 2)));
        let unreadable = vec![Ok(20), Err(Failure::ClosedPipe), Ok(0)];
        assert!(matches!(ended(unreadable).await, (Err(Failure::ClosedPipe), 1)));
    }
}
