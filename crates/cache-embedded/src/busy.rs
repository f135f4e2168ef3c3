//! Waiting for other processes.
//!
//! SQLite's own waiting grows to steps of 100 ms: under load a process that came late finds the
//! lock free too seldom and starves. Short steps of random length give everybody a turn.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, TransactionBehavior};

thread_local! {
    // SQLite's callback takes no state of ours, but it runs on the thread that uses the
    // connection, and every connection stays on its thread.
    static PATIENCE: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    static WAITING_SINCE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// So that adding it to the time cannot overflow.
const LONGEST_PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);
const SHORTEST_MICROS: u64 = 100;
const LONGEST_MICROS: u64 = 10_000;

/// Makes the connections that this thread uses wait at most this long for locks.
pub(crate) fn set_patience(patience: Duration) {
    PATIENCE.set(patience.min(LONGEST_PATIENCE));
}

/// Makes this connection wait as its thread's patience says.
pub(crate) fn install(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.busy_handler(Some(wait))
}

/// Repeats what SQLite refuses at once, without asking the handler, where waiting could be a
/// deadlock: which it never is outside a transaction.
pub(crate) fn retry<T>(mut attempt: impl FnMut() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    let deadline = Instant::now() + PATIENCE.get();
    loop {
        match attempt() {
            Err(error) if is_busy(&error) && Instant::now() < deadline => {
                thread::sleep(step(3));
            }
            result => return result,
        }
    }
}

/// Begins a transaction that writes. It takes the write lock at once, so that nothing in it can
/// fail because another process wrote in between.
pub(crate) fn immediate(connection: &Connection) -> rusqlite::Result<Transaction<'_>> {
    retry(|| Transaction::new_unchecked(connection, TransactionBehavior::Immediate))
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
    )
}

/// SQLite asks after every failed attempt whether to try again.
fn wait(attempts: i32) -> bool {
    if attempts == 0 {
        WAITING_SINCE.set(Some(Instant::now()));
    }
    let waited = WAITING_SINCE.get().map_or(Duration::ZERO, |since| since.elapsed());
    let go_on = waited < PATIENCE.get();
    if go_on {
        thread::sleep(step(attempts));
    }
    go_on
}

/// A random wait, longer on average with every attempt up to a bound.
fn step(attempts: i32) -> Duration {
    let longest = (SHORTEST_MICROS << attempts.clamp(0, 10)).min(LONGEST_MICROS);
    let random = RandomState::new().hash_one(attempts);
    Duration::from_micros(SHORTEST_MICROS / 2 + random % longest)
}
