//! Expiry, dropped calls, many at a time.

use std::sync::Arc;
use std::time::Duration;

use super::{Subject, at, count, entry, everything, id, search, upsert};
use crate::Ttl;
use crate::vector::{Filter, VectorEntry, VectorQuery};

/// Long enough for everything that is done before it is over, also on a busy machine.
const SHORT: Duration = Duration::from_millis(2_500);
const LONG: Duration = Duration::from_secs(60);

fn living(name: &str, degrees: f32, life: Duration) -> VectorEntry {
    VectorEntry { ttl: Ttl::new(life).expect("invariant: positive"), ..entry(name, at(degrees)) }
}

/// An entry is found by no search once its TTL has passed, counted from the last write.
pub async fn expiry(subject: &Subject) {
    let index = subject.index("expiry", 4);
    let batch = [
        living("short", 0.0, SHORT),
        living("renewed", 0.0, SHORT),
        living("cut", 0.0, LONG),
        living("bounded", 0.0, SHORT),
        entry("forever", at(0.0)),
        living("long", 0.0, LONG),
    ];
    upsert(&*index, &batch).await;
    let again =
        [living("renewed", 0.0, LONG), living("cut", 0.0, SHORT), entry("bounded", at(0.0))];
    upsert(&*index, &again).await;
    let all = ["bounded", "cut", "forever", "long", "renewed", "short"];
    assert_eq!(everything(&*index).await, all, "not before its time");

    tokio::time::sleep(SHORT + Duration::from_millis(50)).await;
    let left = ["bounded", "forever", "long", "renewed"];
    assert_eq!(everything(&*index).await, left, "found after its time");
    let nearest = search(&*index, VectorQuery::nearest(at(0.0), 4)).await;
    assert_eq!(nearest.len(), 4, "the expired take the place of nobody");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(count(&*index, &Filter::All).await, 4, "the expired are not counted for long");
    let info = index.info().await.expect("succeeds").expect("the index is there");
    assert_eq!(info.entries, 4, "the expired are not counted for long");
    let removed = index.remove_many(&[id("short"), id("long")]).await.expect("succeeds");
    assert_eq!(removed, [false, true], "an expired entry is not there");
    upsert(&*index, &[entry("short", at(90.0))]).await;
    assert_eq!(everything(&*index).await, ["bounded", "forever", "renewed", "short"]);
}

/// Dropped calls do not disturb later ones.
pub async fn cancellation(subject: &Subject) {
    let index = subject.index("cancellation", 4);
    for round in 0..128u64 {
        let hurry = Duration::from_micros(9 * (round % 16));
        let new = [entry(&format!("{round:03}"), at(0.0))];
        let _ = tokio::time::timeout(hurry, index.upsert_many(&new)).await;
        let queries = [VectorQuery::nearest(at(0.0), 5)];
        let _ = tokio::time::timeout(hurry, index.search_many(&queries)).await;
        upsert(&*index, &new).await;
    }
    let expected: Vec<_> = (0..128).map(|round| format!("{round:03}")).collect();
    assert_eq!(everything(&*index).await, expected);
    assert_eq!(count(&*index, &Filter::All).await, 128);
}

/// Writers and readers at the same time lose nothing, and see whole entries.
pub async fn concurrency(subject: &Subject) {
    let index = subject.index("concurrency", 4);
    let writers = (0..8).map(|writer| {
        let index = Arc::clone(&index);
        tokio::spawn(async move {
            for round in 0..20 {
                let own = entry(&format!("{writer}-{round:02}"), at(180.0));
                upsert(&*index, &[own, entry("shared", at(0.0))]).await;
                let found = search(&*index, VectorQuery::nearest(at(0.0), 3)).await;
                assert_eq!(found[0].id.as_str(), "shared", "an entry was gone while replaced");
                if round % 2 == 1 {
                    let gone = [id(&format!("{writer}-{round:02}"))];
                    assert_eq!(index.remove_many(&gone).await.expect("succeeds"), [true]);
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("no writer panics");
    }
    assert_eq!(everything(&*index).await.len(), 8 * 10 + 1);
    assert_eq!(count(&*index, &Filter::All).await, 8 * 10 + 1);
}
