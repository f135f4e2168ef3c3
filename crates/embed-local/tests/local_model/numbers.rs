//! Vectors against the plain implementation.

use embed_local::{LocalModel, Pooling, export_onnx};
use serde_json::json;

use crate::bert::{self, Kind};
use crate::embed;
use crate::tiny::TinyModel;

/// Of 32-bit arithmetic through two layers.
const TOLERANCE: f64 = 2e-5;

/// Texts of several lengths, in no order.
fn word_lists() -> Vec<Vec<usize>> {
    let lengths = [3, 1, 12, 38, 2, 7, 1, 38, 20];
    let list =
        |(start, length): (usize, &usize)| (0..*length).map(|i| (start + i * 3) % 10).collect();
    lengths.iter().enumerate().map(list).collect()
}

fn pooled(rows: &[Vec<f64>], pooling: Pooling, normalize: bool) -> Vec<f64> {
    let column = |i: usize| rows.iter().map(move |row| row[i]);
    let mut vector: Vec<f64> = (0..rows[0].len())
        .map(|i| match pooling {
            Pooling::Cls => rows[0][i],
            Pooling::Max => column(i).fold(f64::NEG_INFINITY, f64::max),
            _ => column(i).sum::<f64>() / rows.len() as f64,
        })
        .collect();
    if normalize {
        let norm = vector.iter().map(|value| value * value).sum::<f64>().sqrt();
        vector.iter_mut().for_each(|value| *value /= norm);
    }
    vector
}

/// All texts together, and each alone.
async fn assert_right(model: &LocalModel, tiny: &TinyModel, kind: Kind, normalize: bool) {
    let lists = word_lists();
    let texts: Vec<String> = lists.iter().map(|words| TinyModel::text(words)).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let (together, count) = embed(model, &texts).await;
    assert_eq!(count, lists.iter().map(|words| words.len() as u64 + 2).sum::<u64>());
    for ((words, text), together) in lists.iter().zip(&texts).zip(&together) {
        let rows = bert::hidden_states(tiny, &TinyModel::tokens(words), kind);
        let expected = pooled(&rows, model.pooling(), normalize);
        let (alone, _) = embed(model, &[text]).await;
        for vector in [together, &alone[0]] {
            assert_eq!(vector.len(), expected.len());
            for (value, expected) in vector.iter().zip(&expected) {
                let difference = (f64::from(*value) - expected).abs();
                assert!(difference < TOLERANCE, "off by {difference} for {} words", words.len());
            }
        }
    }
}

async fn check(tiny: &TinyModel, kind: Kind, normalize: bool) {
    let folder = tiny.write();
    let model = LocalModel::open(folder.path()).await.unwrap();
    assert_right(&model, tiny, kind, normalize).await;
}

#[tokio::test]
async fn mean_pooling_scaled() {
    check(&TinyModel::default(), Kind::default(), true).await;
}

#[tokio::test]
async fn cls_pooling_unscaled() {
    let modules = Some(vec!["Transformer", "Pooling"]);
    let pooling = json!({"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false});
    let tiny = TinyModel { modules, pooling, ..TinyModel::default() };
    let folder = tiny.write();
    let model = LocalModel::open(folder.path()).await.unwrap();
    assert_eq!(model.pooling(), Pooling::Cls);
    assert_right(&model, &tiny, Kind::default(), false).await;
}

#[tokio::test]
async fn max_pooling() {
    let tiny = TinyModel { pooling: json!({"pooling_mode": "max"}), ..TinyModel::default() };
    check(&tiny, Kind::default(), true).await;
}

#[tokio::test]
async fn without_modules_mean_pooling_scaled() {
    check(&TinyModel { modules: None, ..TinyModel::default() }, Kind::default(), true).await;
}

#[tokio::test]
async fn other_activations() {
    let mut tiny = TinyModel::default();
    tiny.config["hidden_act"] = json!("gelu_new");
    check(&tiny, Kind { activation: bert::gelu_tanh, ..Kind::default() }, true).await;
    tiny.config["hidden_act"] = json!("relu");
    check(&tiny, Kind { activation: |x| x.max(0.0), ..Kind::default() }, true).await;
}

#[tokio::test]
async fn roberta_counts_positions_from_its_padding() {
    let mut tiny = TinyModel::default();
    tiny.config["model_type"] = json!("xlm-roberta");
    tiny.config["pad_token_id"] = json!(1);
    tiny.rename = |name| format!("roberta.{name}");
    let folder = tiny.write();
    let model = LocalModel::open(folder.path()).await.unwrap();
    assert_eq!(model.max_tokens(), 38, "two rows of the table are not used");
    let words = [1, 2, 3, 4];
    let kind = Kind { first_position: 2, ..Kind::default() };
    let rows = bert::hidden_states(&tiny, &TinyModel::tokens(&words), kind);
    let expected = pooled(&rows, Pooling::Mean, true);
    let (vectors, _) = embed(&model, &[&TinyModel::text(&words)]).await;
    for (value, expected) in vectors[0].iter().zip(expected) {
        assert!((f64::from(*value) - expected).abs() < TOLERANCE);
    }
}

#[tokio::test]
async fn half_precision_and_old_names() {
    let mut tiny = TinyModel { half: true, ..TinyModel::default() };
    for value in tiny.tensors.values_mut().flat_map(|tensor| &mut tensor.values) {
        *value = half::f16::from_f32(*value).to_f32();
    }
    tiny.rename = |name| {
        let name = name.replace("LayerNorm.weight", "LayerNorm.gamma");
        format!("bert.{}", name.replace("LayerNorm.bias", "LayerNorm.beta"))
    };
    check(&tiny, Kind::default(), true).await;
}

#[tokio::test]
async fn the_exported_onnx_gives_the_same() {
    let tiny = TinyModel::default();
    let folder = tiny.write();
    export_onnx(folder.path(), folder.path()).unwrap();
    let with_both = LocalModel::open(folder.path()).await.unwrap();
    std::fs::remove_file(folder.path().join("model.safetensors")).unwrap();
    let from_onnx = LocalModel::open(folder.path()).await.unwrap();
    assert_right(&from_onnx, &tiny, Kind::default(), true).await;
    assert_eq!(from_onnx.dimensions(), crate::tiny::HIDDEN);
    assert_ne!(
        cache_core::EmbeddingProvider::identity(&with_both).version,
        cache_core::EmbeddingProvider::identity(&from_onnx).version,
        "they are of different files"
    );
}
