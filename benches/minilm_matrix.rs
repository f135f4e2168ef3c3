//! Makes the vectors of 20,200 real sentences by all-MiniLM-L6-v2, and prints the path of their file:
//!
//! ```text
//! export TEST_MINILM_DIR=$(scripts/get-minilm.sh)
//! export TEST_MINILM_MATRIX=$(cargo run -q -p cache-benches --example minilm_matrix --features local-model)
//! cargo test -p cache-benches --test recall
//! ```
//!
//! The file is kept in `XDG_CACHE_HOME` (`~/.cache`), and made again when the sentences or the model
//! are others.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for tests")]

use std::env;
use std::path::PathBuf;
use std::time::Instant;

use cache_benches::minilm::{ENTRIES, Matrix, QUERIES, sentences};
use cache_core::{EmbedOptions, Embedding, EmbeddingProvider};
use embed_local::LocalModel;

/// A call of the model's takes so many.
const BATCH: usize = 512;

#[tokio::main]
async fn main() {
    let folder = env::var_os("TEST_MINILM_DIR").expect("TEST_MINILM_DIR names the model's folder");
    let model = LocalModel::open(PathBuf::from(folder)).await.unwrap();
    let texts = shuffled(sentences::find(ENTRIES + QUERIES).unwrap());
    let checksum = checksum(&model, &texts);
    let path = place();
    if !Matrix::is_current(&path, &checksum) {
        let start = Instant::now();
        let vectors = embed(&model, &texts).await;
        Matrix::write(&path, &checksum, &vectors).unwrap();
        eprintln!("{} sentences embedded in {:.0?}", texts.len(), start.elapsed());
    }
    println!("{}", path.display());
}

/// In an order that has nothing to do with what they say, so that queries are of all kinds.
fn shuffled(mut texts: Vec<String>) -> Vec<String> {
    texts.sort_by_cached_key(|text| *blake3::hash(text.as_bytes()).as_bytes());
    texts
}

/// Of what the vectors are made of.
fn checksum(model: &LocalModel, texts: &[String]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(format!("{:?}\n", model.identity()).as_bytes());
    for text in texts {
        hasher.update(text.as_bytes()).update(b"\n");
    }
    hasher.finalize().to_hex().to_string()
}

fn place() -> PathBuf {
    let set = |variable| env::var_os(variable).filter(|value| !value.is_empty());
    let cache = set("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(set("HOME")?).join(".cache")));
    let cache = cache.expect("XDG_CACHE_HOME or HOME says where the file is kept");
    cache.join("caching_with_redis").join("minilm-matrix")
}

/// Those of like length in one call, so that there is little padding.
async fn embed(model: &LocalModel, texts: &[String]) -> Vec<Embedding> {
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_by_key(|&i| texts[i].len());
    let mut vectors = vec![None; texts.len()];
    for places in order.chunks(BATCH) {
        let batch: Vec<&str> = places.iter().map(|&i| texts[i].as_str()).collect();
        let answer = model.embed(&batch, &EmbedOptions::default()).await.unwrap();
        for (&place, vector) in places.iter().zip(answer.embeddings) {
            vectors[place] = Some(vector.unwrap());
        }
    }
    vectors.into_iter().map(Option::unwrap).collect()
}
