//! What the user says, line by line.

use std::io::{self, BufReader, IsTerminal, Write};
use std::sync::mpsc as std_mpsc;

use tokio::sync::mpsc;

use crate::lines::{Line, Lines};

/// Reads standard input on a thread of its own, not of the runtime's: it may wait for ever, and the
/// program does not wait for it.
pub(super) struct Input {
    wanted: std_mpsc::Sender<()>,
    lines: mpsc::Receiver<io::Result<Line>>,
    pub(super) terminal: bool,
}

impl Input {
    pub(super) fn open() -> Self {
        let terminal = io::stdin().is_terminal();
        let (wanted, wants) = std_mpsc::channel();
        let (sender, lines) = mpsc::channel(1);
        std::thread::spawn(move || {
            let mut lines = Lines::new(BufReader::new(io::stdin()));
            // One at a time: the prompt comes when the last answer is there.
            while wants.recv().is_ok() {
                if terminal {
                    let mut stderr = io::stderr().lock();
                    let _ = write!(stderr, "> ").and_then(|()| stderr.flush());
                }
                let Some(line) = lines.next_line().transpose() else { break };
                if sender.blocking_send(line).is_err() {
                    break;
                }
            }
        });
        Self { wanted, lines, terminal }
    }

    /// The next line; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<io::Result<Line>> {
        self.wanted.send(()).ok()?;
        self.lines.recv().await
    }
}
