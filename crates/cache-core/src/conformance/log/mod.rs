//! The contract of [`LogBackend`].

mod appending;
mod changing;
mod groups;
mod lifetime;
mod limits;
mod reading;

use std::sync::Arc;

pub use appending::{
    concurrency, empty_appends, expected_length, idempotency, odd_records, order, refusals,
};
pub use changing::{attributes, compaction, forks, removal, replacement};
pub use groups::{discretion, isolation, listing, removing_groups, usage};
pub use lifetime::{cancellation, expiry, moments};
pub use limits::{dropping, dropping_is_remembered, refusing};
pub use reading::{long_logs, reads, windows};

use super::fresh_namespace;
use crate::{
    AppendOptions, Appended, CacheError, ErrorKind, LogBackend, LogGroup, LogHead, LogKey, LogPage,
    LogRead, NewRecord, Record, Scope, Ttl,
};

/// Every check of this module.
pub async fn run(backend: Arc<dyn LogBackend>) {
    order(&*backend).await;
    idempotency(&*backend).await;
    expected_length(&*backend).await;
    empty_appends(&*backend).await;
    odd_records(&*backend).await;
    refusals(&*backend).await;
    concurrency(Arc::clone(&backend)).await;
    refusing(&*backend).await;
    dropping(&*backend).await;
    dropping_is_remembered(&*backend).await;
    reads(&*backend).await;
    windows(&*backend).await;
    long_logs(&*backend).await;
    replacement(&*backend).await;
    removal(&*backend).await;
    compaction(&*backend).await;
    forks(&*backend).await;
    attributes(&*backend).await;
    expiry(&*backend).await;
    moments(&*backend).await;
    cancellation(&*backend).await;
    listing(&*backend).await;
    removing_groups(&*backend).await;
    usage(&*backend).await;
    isolation(&*backend).await;
    discretion(&*backend).await;
}

fn fresh_group(label: &str) -> LogGroup {
    LogGroup::new(fresh_namespace(label), &Scope::shared(), "owner", None)
}

fn fresh_log(label: &str) -> LogKey {
    fresh_group(label).log("log")
}

/// A record of weight 1 whose payload tells its id.
#[expect(clippy::needless_pass_by_value, reason = "texts and numbers, as they come")]
fn record(id: impl ToString) -> NewRecord {
    let id = id.to_string();
    let payload = format!("a secret of {id}").into();
    NewRecord { id, weight: 1, pinned: false, payload }
}

fn weighing(id: impl ToString, weight: u32) -> NewRecord {
    NewRecord { weight, ..record(id) }
}

fn pinned(id: impl ToString, weight: u32) -> NewRecord {
    NewRecord { weight, pinned: true, ..record(id) }
}

fn records(ids: impl IntoIterator<Item = impl ToString>) -> Vec<NewRecord> {
    ids.into_iter().map(record).collect()
}

fn forever() -> AppendOptions {
    AppendOptions::new(Ttl::FOREVER)
}

async fn append(backend: &dyn LogBackend, log: &LogKey, records: &[NewRecord]) -> Appended {
    backend.append(log, records, &forever()).await.expect("an append succeeds")
}

async fn page(backend: &dyn LogBackend, log: &LogKey, what: LogRead) -> LogPage {
    backend.read(log, &what).await.expect("a read succeeds").expect("the log is there")
}

async fn head(backend: &dyn LogBackend, log: &LogKey) -> LogHead {
    backend.head(log).await.expect("a read succeeds").expect("the log is there")
}

async fn is_there(backend: &dyn LogBackend, log: &LogKey) -> bool {
    backend.head(log).await.expect("a read succeeds").is_some()
}

/// The whole log; its head must tell what is in it.
async fn whole(backend: &dyn LogBackend, log: &LogKey) -> Vec<Record> {
    let LogPage { head, records } =
        page(backend, log, LogRead::From { seq: 0, most: usize::MAX }).await;
    assert!(records.is_sorted_by(|a, b| a.seq < b.seq), "records come in order, each once");
    assert_eq!(head.len, records.len() as u64, "the head counts the records");
    let weight: u64 = records.iter().map(|record| u64::from(record.weight)).sum();
    assert_eq!(head.weight, weight, "the head sums up the weights");
    let bytes: usize = records.iter().map(|record| record.payload.len()).sum();
    assert_eq!(head.bytes, bytes as u64, "the head sums up the payloads");
    let last = records.last().map_or(0, |record| record.seq);
    assert!(head.last_seq >= last, "the head knows the latest number");
    records
}

fn ids(records: &[Record]) -> Vec<&str> {
    records.iter().map(|record| record.id.as_str()).collect()
}

fn seqs(records: &[Record]) -> Vec<u64> {
    records.iter().map(|record| record.seq).collect()
}

/// The call must fail so, without showing a payload, an id or an attribute.
fn assert_fails<T>(result: Result<T, CacheError>, kind: ErrorKind, sentence: &str) {
    let Err(error) = result else { panic!("{sentence}: the call succeeded") };
    assert_eq!(error.kind(), kind, "{sentence}: {error}");
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("a secret of"), "an error shows a payload: {error}");
}

/// Does something that must leave the log as it is.
async fn unchanged<T>(backend: &dyn LogBackend, log: &LogKey, call: impl Future<Output = T>) -> T {
    let everything = LogRead::From { seq: 0, most: usize::MAX };
    let before = backend.read(log, &everything).await.expect("a read succeeds");
    let result = call.await;
    let after = backend.read(log, &everything).await.expect("a read succeeds");
    let comparable = |page: Option<LogPage>| {
        page.map(|page| LogPage { head: LogHead { expires_in: None, ..page.head }, ..page })
    };
    assert!(comparable(before) == comparable(after), "a failed call has changed the log");
    result
}
