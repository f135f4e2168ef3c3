//! all-MiniLM-L6-v2, where it is at hand: `scripts/get-minilm.sh` fetches it and says what to set.

use std::env;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cache_core::{EmbedOptions, EmbeddingProvider, conformance};
use embed_local::{LocalModel, export_onnx};
use serde::Deserialize;

use crate::{cosine, embed};

const FOLDER: &str = "TEST_MINILM_DIR";
const REFERENCE: &str = "TEST_MINILM_REFERENCE";

/// A text with what PyTorch makes of it.
#[derive(Deserialize)]
struct Reference {
    text: String,
    tokens: u64,
    vector: Vec<f32>,
}

/// The path in a variable; says what is not tested when it is not set.
fn path_in(variable: &str, test: &str) -> Option<PathBuf> {
    let path = env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    if path.is_none() {
        eprintln!("NOT RUN: {test}: {variable} is not set; see scripts/get-minilm.sh");
    }
    path
}

async fn assert_as_in_pytorch(model: &LocalModel, references: &[Reference]) {
    let texts: Vec<&str> = references.iter().map(|reference| reference.text.as_str()).collect();
    let (together, tokens) = embed(model, &texts).await;
    assert_eq!(tokens, references.iter().map(|reference| reference.tokens).sum::<u64>());
    let mut worst = 1f64;
    for (reference, together) in references.iter().zip(&together) {
        let (alone, tokens) = embed(model, &[&reference.text]).await;
        assert_eq!(tokens, reference.tokens, "{:?}", reference.text);
        for vector in [together, &alone[0]] {
            let alike = cosine(vector, &reference.vector);
            assert!(alike >= 0.9999, "{alike} for {:?}", reference.text);
            worst = worst.min(alike);
        }
    }
    eprintln!("{} texts, the lowest cosine is {worst:.9}", references.len());
}

#[tokio::test]
async fn vectors_are_those_of_pytorch() {
    let test = "the vectors of all-MiniLM-L6-v2 against PyTorch's";
    let (Some(folder), Some(reference)) = (path_in(FOLDER, test), path_in(REFERENCE, test)) else {
        return;
    };
    let references: Vec<Reference> =
        serde_json::from_slice(&std::fs::read(reference).unwrap()).unwrap();
    assert!(!references.is_empty());
    let model = LocalModel::open(&folder).await.unwrap();
    assert_eq!((model.dimensions(), model.max_tokens()), (384, 256));
    assert_as_in_pytorch(&model, &references).await;

    let onnx = tempfile::tempdir().unwrap();
    export_onnx(&folder, onnx.path()).unwrap();
    for file in ["config.json", "tokenizer.json", "sentence_bert_config.json"] {
        std::fs::copy(folder.join(file), onnx.path().join(file)).unwrap();
    }
    let model = LocalModel::open(onnx.path()).await.unwrap();
    assert_as_in_pytorch(&model, &references).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keeps_the_contract() {
    let Some(folder) = path_in(FOLDER, "the contract, by all-MiniLM-L6-v2") else { return };
    conformance::provider::run(Arc::new(LocalModel::open(folder).await.unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_call_ends_soon() {
    let Some(folder) = path_in(FOLDER, "dropping a long call of all-MiniLM-L6-v2") else { return };
    let model = LocalModel::open(folder).await.unwrap();
    let long = "word ".repeat(300);
    let start = Instant::now();
    embed(&model, &[long.as_str(); 8]).await;
    let one_run = start.elapsed();
    let many = vec![long.as_str(); 400];
    let options = EmbedOptions::default();
    let call = model.embed(&many, &options);
    assert!(tokio::time::timeout(one_run / 2, call).await.is_err(), "fifty runs are longer");
    let start = Instant::now();
    embed(&model, &["short"]).await;
    let waited = start.elapsed();
    assert!(waited < one_run * 5 + Duration::from_secs(1), "{waited:?}, a run is {one_run:?}");
}
