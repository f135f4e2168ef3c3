//! Texts that are longer than the model takes.

use std::time::{Duration, Instant};

use embed_local::LocalModel;

use crate::embed;
use crate::tiny::TinyModel;

const TEN_MEGABYTES: usize = 10_000_000;

#[tokio::test]
async fn the_first_tokens_count() {
    let folder = TinyModel::default().write();
    let model = LocalModel::open(folder.path()).await.unwrap();
    let whole = "red cat, ".repeat(5_000);
    let cut = "red cat, ".repeat(13);
    let (vectors, tokens) = embed(&model, &[&whole, &cut]).await;
    assert_eq!(tokens, 80, "40 of each");
    assert_eq!(vectors[0], vectors[1]);
    let (other, _) = embed(&model, &[&format!("{}{whole}", "red cat, ".repeat(12))]).await;
    assert_eq!(other[0], vectors[0]);
}

#[tokio::test]
async fn words_far_back_are_found_when_they_are_the_first() {
    let folder = TinyModel::default().write();
    let model = LocalModel::open(folder.path()).await.unwrap();
    let far = format!("red{}cat", " \u{1}\t".repeat(100_000));
    let unbroken = format!("{} cat", "x".repeat(300_000));
    let (vectors, tokens) = embed(&model, &[&far, "red cat", &unbroken, "한 cat"]).await;
    assert_eq!(tokens, 16);
    assert_eq!(vectors[0], vectors[1]);
    assert_eq!(vectors[2], vectors[3], "both are an unknown word and a cat");
}

#[tokio::test]
async fn huge_texts_take_no_time() {
    let folder = TinyModel::default().write();
    let model = LocalModel::open(folder.path()).await.unwrap();
    for unit in ["word ", "x", "  ", "한", "漢", "\u{1}", "[SEP]", "e\u{301}", "😀", "a."] {
        let text = unit.repeat(TEN_MEGABYTES / unit.len());
        let start = Instant::now();
        let (vectors, _) = embed(&model, &[&text]).await;
        assert_eq!(vectors.len(), 1);
        // Unoptimised, on a busy machine.
        assert!(start.elapsed() < Duration::from_secs(60), "{unit:?}: {:?}", start.elapsed());
        eprintln!("10 MB of {unit:?}: {:?}", start.elapsed());
    }
}
