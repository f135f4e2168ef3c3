//! What a model is called: vectors of one set of files are never served for another.

use std::fs;

use cache_core::EmbeddingProvider;
use embed_local::{LocalModel, LocalModelOptions};
use serde_json::json;

use crate::tiny::{HIDDEN, TinyModel};

async fn version(tiny: &TinyModel) -> String {
    let folder = tiny.write();
    LocalModel::open(folder.path()).await.unwrap().identity().version.unwrap()
}

#[tokio::test]
async fn says_what_the_vectors_depend_on() {
    let folder = TinyModel::default().write();
    let identity = LocalModel::open(folder.path()).await.unwrap().identity();
    assert_eq!(identity.provider, "local");
    assert_eq!(identity.model, "tests/tiny");
    assert_eq!(identity.dimensions, Some(u32::try_from(HIDDEN).unwrap()));
    assert_eq!(identity.normalized, Some(true));
    assert_eq!(identity.version.unwrap().len(), 32);
}

#[tokio::test]
async fn the_place_of_the_folder_does_not_matter() {
    let tiny = TinyModel::default();
    assert_eq!(version(&tiny).await, version(&tiny).await);
    let folder = tiny.write();
    fs::write(folder.path().join("README.md"), "not read").unwrap();
    let model = LocalModel::open(folder.path()).await.unwrap();
    assert_eq!(model.identity().version, Some(version(&tiny).await));
}

#[tokio::test]
async fn every_file_that_is_read_matters() {
    let tiny = TinyModel::default();
    let original = version(&tiny).await;
    let mut weight = tiny.clone();
    weight.tensors.get_mut("encoder.layer.1.output.dense.bias").unwrap().values[3] += 1e-6;
    let mut tokenizer = tiny.clone();
    tokenizer.tokenizer["normalizer"]["lowercase"] = json!(false);
    let mut config = tiny.clone();
    config.config["layer_norm_eps"] = json!(1e-5);
    let modules = Some(vec!["Transformer", "Pooling"]);
    let unscaled = TinyModel { modules, ..tiny.clone() };
    let pooling = TinyModel { pooling: json!({"pooling_mode": "cls"}), ..tiny };
    for changed in [weight, tokenizer, config, unscaled, pooling] {
        assert_ne!(version(&changed).await, original);
    }
}

#[tokio::test]
async fn options_that_change_vectors_change_the_version() {
    let folder = TinyModel::default().write();
    let open = async |options| LocalModel::open_with(folder.path(), options).await.unwrap();
    let plain = open(LocalModelOptions::default()).await.identity();
    let short = open(LocalModelOptions::default().with_max_tokens(8)).await.identity();
    assert_ne!(short.version, plain.version);
    let same = open(LocalModelOptions::default().with_max_tokens(1000).with_threads(1)).await;
    assert_eq!(same.identity(), plain, "the model takes 40");
    let named = open(LocalModelOptions::default().with_name("mine")).await.identity();
    assert_eq!((named.model.as_str(), named.version), ("mine", plain.version));
}

#[tokio::test]
async fn a_path_is_no_name() {
    for (own, expected) in [
        (json!("/home/somebody/models/mine"), Some("mine")),
        (json!("C:\\models\\mine\\"), Some("mine")),
        (json!("./mine"), Some("mine")),
        (json!("organisation/mine"), Some("organisation/mine")),
        (json!(""), None),
        (json!(null), None),
    ] {
        let mut tiny = TinyModel::default();
        tiny.config["_name_or_path"] = own;
        let folder = tiny.write();
        let its_own = folder.path().file_name().unwrap().to_str().unwrap();
        let model = LocalModel::open(folder.path()).await.unwrap();
        assert_eq!(model.identity().model, expected.unwrap_or(its_own));
    }
}
