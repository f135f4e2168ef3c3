//! What cannot work is refused in words that help: which file, what of it, what to do.

use std::fs;
use std::path::Path;

use cache_core::{EmbedOptions, EmbeddingProvider, ProviderErrorKind};
use embed_local::{LocalModel, LocalModelOptions, OpenModelError};
use serde_json::json;

use crate::tiny::{HIDDEN, TinyModel};

async fn refusal(folder: &Path) -> OpenModelError {
    LocalModel::open(folder).await.unwrap_err()
}

async fn assert_refused(tiny: &TinyModel, words: &[&str]) {
    let folder = tiny.write();
    let message = refusal(folder.path()).await.to_string();
    for word in words {
        assert!(message.contains(word), "{message:?} lacks {word:?}");
    }
}

#[tokio::test]
async fn missing_files_are_named() {
    let nowhere = refusal(Path::new("/nowhere/at/all")).await;
    assert!(matches!(nowhere, OpenModelError::Missing { .. }), "{nowhere:?}");
    for file in ["config.json", "tokenizer.json", "model.safetensors", "1_Pooling/config.json"] {
        let folder = TinyModel::default().write();
        fs::remove_file(folder.path().join(file)).unwrap();
        let error = refusal(folder.path()).await;
        assert!(matches!(error, OpenModelError::Missing { .. }), "{error:?}");
        assert!(error.to_string().contains(file), "{error}");
    }
    let file = TinyModel::default().write();
    let error = refusal(&file.path().join("config.json")).await;
    assert!(error.to_string().contains("is not a folder"), "{error}");
}

#[tokio::test]
async fn other_architectures() {
    let mut tiny = TinyModel::default();
    tiny.config["model_type"] = json!("mpnet");
    assert_refused(&tiny, &["config.json", "\"mpnet\"", "ONNX"]).await;
    tiny.config["model_type"] = json!("bert");
    tiny.config["position_embedding_type"] = json!("relative_key");
    assert_refused(&tiny, &["config.json", "relative_key"]).await;
    tiny.config["position_embedding_type"] = json!("absolute");
    tiny.config["hidden_act"] = json!("swish");
    assert_refused(&tiny, &["config.json", "swish"]).await;
    let modules = Some(vec!["Transformer", "Pooling", "Dense"]);
    let dense = TinyModel { modules, ..TinyModel::default() };
    assert_refused(&dense, &["modules.json", "Dense"]).await;
}

#[tokio::test]
async fn numbers_that_do_not_fit() {
    for (field, value, word) in [
        ("num_attention_heads", json!(5), "multiple"),
        ("num_attention_heads", json!(0), "num_attention_heads"),
        ("hidden_size", json!(null), "hidden_size"),
        ("hidden_size", json!(64), "shape"),
        ("num_hidden_layers", json!(3), "lacks 16 of the 53 tensors"),
        ("num_hidden_layers", json!(u64::MAX), "proportion"),
        ("vocab_size", json!(1u64 << 60), "shape"),
        ("vocab_size", json!("many"), "config.json"),
        ("vocab_size", json!(40), "token number 40"),
        ("max_position_embeddings", json!(2), "allow more"),
        ("layer_norm_eps", json!(-1.0), "layer_norm_eps"),
    ] {
        let mut tiny = TinyModel::default();
        tiny.config[field] = value;
        assert_refused(&tiny, &[word]).await;
    }
}

#[tokio::test]
async fn missing_tensors_are_named() {
    let mut tiny = TinyModel::default();
    tiny.tensors.remove("encoder.layer.1.attention.self.key.bias");
    let words = ["model.safetensors", "lacks 1 of", "encoder.layer.1.attention.self.key.bias"];
    assert_refused(&tiny, &words).await;
}

#[tokio::test]
async fn an_onnx_that_is_none() {
    let folder = TinyModel::default().write();
    fs::write(folder.path().join("broken.onnx"), "no such thing").unwrap();
    let options = |network: &str| LocalModelOptions::default().with_network(network);
    let open = async |network| {
        LocalModel::open_with(folder.path(), options(network)).await.unwrap_err().to_string()
    };
    assert!(open("broken.onnx").await.contains("broken.onnx is damaged"));
    assert!(open("absent.onnx").await.contains("absent.onnx is missing"));
    assert!(open("tokenizer.json").await.contains("neither"));
}

#[tokio::test]
async fn other_dimensions_are_refused() {
    let folder = TinyModel::default().write();
    let model = LocalModel::open(folder.path()).await.unwrap();
    let embed = async |dimensions| {
        model.embed(&["cat"], &EmbedOptions::default().with_dimensions(dimensions)).await
    };
    assert_eq!(embed(8).await.unwrap_err().kind(), ProviderErrorKind::WrongModel);
    let own = embed(u32::try_from(HIDDEN).unwrap()).await.unwrap();
    assert!(own.embeddings[0].is_ok());
}
