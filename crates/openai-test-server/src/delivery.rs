//! Bodies that wait, stall and break.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame};
use tokio::time::{Sleep, sleep};

/// What happens to a body next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Send(Bytes),
    Wait(Duration),
    /// Nothing comes any more.
    Stall,
    /// The connection is closed.
    Break,
}

/// A body made of steps.
#[derive(Debug)]
pub(crate) struct Delivery {
    steps: VecDeque<Step>,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Delivery {
    /// Long enough for what was sent before to be on its way when a connection breaks.
    const FLUSH: Duration = Duration::from_millis(20);

    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let mut all = VecDeque::new();
        for step in steps {
            if step == Step::Break {
                all.push_back(Step::Wait(Self::FLUSH));
            }
            all.push_back(step);
        }
        Self { steps: all, waiting: None }
    }
}

impl Body for Delivery {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        loop {
            if let Some(waiting) = &mut self.waiting {
                ready!(waiting.as_mut().poll(cx));
                self.waiting = None;
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Send(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Some(Step::Wait(time)) => self.waiting = Some(Box::pin(sleep(time))),
                Some(Step::Break) => return Poll::Ready(Some(Err(Broken))),
                Some(Step::Stall) => {
                    self.steps.push_front(Step::Stall);
                    return Poll::Pending;
                }
            }
        }
    }
}

/// How the connection of an exchange is to end.
#[derive(Debug, Default)]
pub(crate) struct Line(AtomicBool);

impl Line {
    /// Resets the connection when it ends.
    pub(crate) fn reset(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_reset(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// The end of a connection before the end of an exchange.
#[derive(Debug)]
pub(crate) struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection was broken on purpose")
    }
}

impl std::error::Error for Broken {}
