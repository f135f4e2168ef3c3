//! Damaged files: an error that names a file, or a model, which then has another version.

use std::fs;
use std::path::Path;

use cache_core::{EmbeddingProvider, EmbeddingProviderExt};
use embed_local::{LocalModel, LocalModelOptions, export_onnx};

use crate::tiny::TinyModel;

/// Opens the folder with every one of the variants of a file.
async fn assert_survives(
    folder: &Path,
    file: &str,
    network: &str,
    variants: impl Iterator<Item = Vec<u8>>,
) {
    let options = || LocalModelOptions::default().with_network(network).with_threads(1);
    let path = folder.join(file);
    let original = fs::read(&path).unwrap();
    let sound = LocalModel::open_with(folder, options()).await.unwrap().identity();
    for (number, bytes) in variants.enumerate() {
        if bytes == original {
            continue;
        }
        fs::write(&path, &bytes).unwrap();
        match LocalModel::open_with(folder, options()).await {
            Ok(model) => {
                assert_ne!(model.identity().version, sound.version, "{file}, variant {number}");
                // Wrong numbers cannot be told from right ones; they may be none, too.
                let _ = model.embed_one("red cat").await;
            }
            Err(error) => {
                let named = error.to_string();
                let about = named.strip_prefix(folder.to_str().unwrap()).unwrap();
                assert!(about.starts_with('/'), "{file}, variant {number}: {named}");
            }
        }
    }
    fs::write(&path, original).unwrap();
}

/// Cut off at some places.
fn cut(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let step = (bytes.len() / 40).max(1);
    (0..bytes.len()).step_by(step).chain(0..bytes.len().min(16)).map(|end| bytes[..end].to_vec())
}

/// With single bits flipped, among the first `within` bytes.
fn flipped(bytes: &[u8], within: usize) -> impl Iterator<Item = Vec<u8>> {
    let within = within.min(bytes.len());
    let step = (within / 300).max(1);
    (0..within).step_by(step).chain(0..within.min(16)).enumerate().map(|(number, place)| {
        let mut flipped = bytes.to_vec();
        flipped[place] ^= 1 << (number % 8);
        flipped
    })
}

#[tokio::test]
async fn damage_is_an_error() {
    let folder = TinyModel::default().write();
    let folder = folder.path();
    export_onnx(folder, folder).unwrap();
    let safetensors = "model.safetensors";
    for file in ["config.json", "modules.json", "1_Pooling/config.json", "tokenizer.json"] {
        let bytes = fs::read(folder.join(file)).unwrap();
        assert_survives(folder, file, safetensors, cut(&bytes)).await;
        assert_survives(folder, file, safetensors, flipped(&bytes, usize::MAX)).await;
    }
    let bytes = fs::read(folder.join(safetensors)).unwrap();
    assert_survives(folder, safetensors, safetensors, cut(&bytes)).await;
    assert_survives(folder, safetensors, safetensors, flipped(&bytes, 8 * 1024)).await;
    for file in ["model.onnx", "model.onnx_data"] {
        let bytes = fs::read(folder.join(file)).unwrap();
        assert_survives(folder, file, "model.onnx", cut(&bytes)).await;
        assert_survives(folder, file, "model.onnx", flipped(&bytes, usize::MAX)).await;
    }
}
