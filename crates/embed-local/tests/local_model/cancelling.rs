//! Dropped calls.

use std::time::Duration;

use cache_core::{EmbedOptions, EmbeddingProvider};
use embed_local::{LocalModel, LocalModelOptions};
use tokio::time::timeout;

use crate::embed;
use crate::tiny::TinyModel;

#[tokio::test(flavor = "multi_thread")]
async fn leave_the_model_usable() {
    let folder = TinyModel::default().write();
    let options = LocalModelOptions::default().with_threads(1);
    let model = LocalModel::open_with(folder.path(), options).await.unwrap();
    let long = "red cat ".repeat(20);
    let many = vec![long.as_str(); 500];
    let (expected, _) = embed(&model, &["green dog"]).await;
    let mut dropped = 0;
    for round in 0..20 {
        let hurry = Duration::from_micros(500 * round);
        let options = EmbedOptions::default();
        dropped += usize::from(timeout(hurry, model.embed(&many, &options)).await.is_err());
        let (vectors, _) = embed(&model, &["green dog"]).await;
        assert_eq!(vectors, expected);
    }
    assert!(dropped > 0, "no call was dropped on its way");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_text_does_not_wait_for_a_thousand() {
    let folder = TinyModel::default().write();
    let options = LocalModelOptions::default().with_threads(1);
    let model = LocalModel::open_with(folder.path(), options).await.unwrap();
    let long = "red cat ".repeat(20);
    let many = tokio::spawn({
        let model = model.clone();
        async move { embed(&model, &vec![long.as_str(); 3_000]).await }
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    for _ in 0..3 {
        embed(&model, &["green dog"]).await;
    }
    assert!(!many.is_finished(), "three texts waited for three thousand");
    assert_eq!(many.await.unwrap().0.len(), 3_000);
}
