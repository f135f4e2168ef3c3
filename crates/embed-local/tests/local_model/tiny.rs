//! A small BERT with random weights, in a folder of its own.

use std::collections::BTreeMap;
use std::fs;

use safetensors::tensor::{Dtype, TensorView, serialize};
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const WORDS: [&str; 10] =
    ["red", "green", "blue", "one", "two", "three", "cat", "dog", "run", "sleep"];
const SPECIAL: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
/// The rows of the table of tokens: special ones, words, and letters to spell others with.
const VOCABULARY: usize = SPECIAL.len() + WORDS.len() + 26;

pub(crate) const HIDDEN: usize = 32;
pub(crate) const HEADS: usize = 4;
pub(crate) const LAYERS: usize = 2;
pub(crate) const INTERMEDIATE: usize = 48;
pub(crate) const POSITIONS: usize = 40;
pub(crate) const EPSILON: f64 = 1e-6;

#[derive(Debug, Clone)]
pub(crate) struct Tensor {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f32>,
}

/// What is varied of it. The default is mean pooling, scaled.
#[derive(Debug, Clone)]
pub(crate) struct TinyModel {
    pub(crate) tensors: BTreeMap<String, Tensor>,
    pub(crate) config: Value,
    pub(crate) tokenizer: Value,
    /// `modules.json`; none is written when absent.
    pub(crate) modules: Option<Vec<&'static str>>,
    pub(crate) pooling: Value,
    /// How tensors are named in the file.
    pub(crate) rename: fn(&str) -> String,
    pub(crate) half: bool,
}

impl Default for TinyModel {
    fn default() -> Self {
        Self {
            tensors: random_tensors(),
            config: json!({
                "_name_or_path": "tests/tiny",
                "model_type": "bert",
                "architectures": ["BertModel"],
                "vocab_size": VOCABULARY,
                "hidden_size": HIDDEN,
                "num_hidden_layers": LAYERS,
                "num_attention_heads": HEADS,
                "intermediate_size": INTERMEDIATE,
                "max_position_embeddings": POSITIONS,
                "type_vocab_size": 2,
                "layer_norm_eps": EPSILON,
                "hidden_act": "gelu",
                "pad_token_id": 0,
            }),
            tokenizer: tokenizer(),
            modules: Some(vec!["Transformer", "Pooling", "Normalize"]),
            pooling: json!({"word_embedding_dimension": HIDDEN, "pooling_mode_mean_tokens": true}),
            rename: str::to_owned,
            half: false,
        }
    }
}

impl TinyModel {
    /// Its folder, which is gone when dropped.
    pub(crate) fn write(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, value: &Value| {
            fs::write(folder.path().join(name), value.to_string()).unwrap();
        };
        write("config.json", &self.config);
        write("tokenizer.json", &self.tokenizer);
        if let Some(modules) = &self.modules {
            let paths = ["", "1_Pooling", "2_Normalize"];
            let of = |(kind, path): (&&str, &str)| json!({"path": path, "type": format!("sentence_transformers.models.{kind}")});
            write("modules.json", &modules.iter().zip(paths).map(of).collect());
            fs::create_dir(folder.path().join("1_Pooling")).unwrap();
            write("1_Pooling/config.json", &self.pooling);
        }
        fs::write(folder.path().join("model.safetensors"), self.safetensors()).unwrap();
        folder
    }

    pub(crate) fn safetensors(&self) -> Vec<u8> {
        let dtype = if self.half { Dtype::F16 } else { Dtype::F32 };
        let encode = |value: &f32| -> Vec<u8> {
            if self.half {
                half::f16::from_f32(*value).to_le_bytes().to_vec()
            } else {
                value.to_le_bytes().to_vec()
            }
        };
        let encoded: Vec<(String, &Tensor, Vec<u8>)> = self
            .tensors
            .iter()
            .map(|(name, tensor)| {
                ((self.rename)(name), tensor, tensor.values.iter().flat_map(encode).collect())
            })
            .collect();
        let views = encoded.iter().map(|(name, tensor, bytes)| {
            (name.as_str(), TensorView::new(dtype, tensor.shape.clone(), bytes).unwrap())
        });
        serialize(views, None).unwrap()
    }

    /// The token numbers of words of [`WORDS`], by their places, with those that mark the ends.
    pub(crate) fn tokens(words: &[usize]) -> Vec<usize> {
        let numbers = words.iter().map(|word| SPECIAL.len() + word);
        [2].into_iter().chain(numbers).chain([3]).collect()
    }

    /// The text of these words.
    pub(crate) fn text(words: &[usize]) -> String {
        words.iter().map(|word| WORDS[*word]).collect::<Vec<_>>().join(" ")
    }
}

fn random_tensors() -> BTreeMap<String, Tensor> {
    let mut random = Random(7);
    let mut tensors = BTreeMap::new();
    let mut add = |name: &str, shape: &[usize], middle: f32, spread: f32| {
        let count = shape.iter().product();
        let values = (0..count).map(|_| middle + spread * random.next()).collect();
        tensors.insert(name.to_owned(), Tensor { shape: shape.to_vec(), values });
    };
    add("embeddings.word_embeddings.weight", &[VOCABULARY, HIDDEN], 0.0, 1.0);
    add("embeddings.position_embeddings.weight", &[POSITIONS, HIDDEN], 0.0, 0.5);
    add("embeddings.token_type_embeddings.weight", &[2, HIDDEN], 0.0, 0.5);
    let mut norms = vec!["embeddings.LayerNorm".to_owned()];
    for layer in (0..LAYERS).map(|layer| format!("encoder.layer.{layer}")) {
        for (name, inputs, outputs) in [
            ("attention.self.query", HIDDEN, HIDDEN),
            ("attention.self.key", HIDDEN, HIDDEN),
            ("attention.self.value", HIDDEN, HIDDEN),
            ("attention.output.dense", HIDDEN, HIDDEN),
            ("intermediate.dense", HIDDEN, INTERMEDIATE),
            ("output.dense", INTERMEDIATE, HIDDEN),
        ] {
            add(&format!("{layer}.{name}.weight"), &[outputs, inputs], 0.0, 0.4);
            add(&format!("{layer}.{name}.bias"), &[outputs], 0.0, 0.2);
        }
        norms.push(format!("{layer}.attention.output.LayerNorm"));
        norms.push(format!("{layer}.output.LayerNorm"));
    }
    for norm in norms {
        add(&format!("{norm}.weight"), &[HIDDEN], 1.0, 0.3);
        add(&format!("{norm}.bias"), &[HIDDEN], 0.0, 0.3);
    }
    // A part that real files have and that is not used.
    add("pooler.dense.weight", &[HIDDEN, HIDDEN], 0.0, 1.0);
    tensors
}

fn tokenizer() -> Value {
    let letters: Vec<String> = ('a'..='z').map(|letter| format!("##{letter}")).collect();
    let all = SPECIAL.into_iter().chain(WORDS).chain(letters.iter().map(String::as_str));
    let vocabulary: serde_json::Map<String, Value> =
        all.enumerate().map(|(number, token)| (token.to_owned(), json!(number))).collect();
    let special: Vec<Value> = SPECIAL
        .iter()
        .enumerate()
        .map(|(id, content)| {
            json!({"id": id, "content": content, "special": true, "single_word": false,
                "lstrip": false, "rstrip": false, "normalized": false})
        })
        .collect();
    let mark = |token: &str| json!({"SpecialToken": {"id": token, "type_id": 0}});
    let numbered = |token: &str, id: u32| json!({"id": token, "ids": [id], "tokens": [token]});
    json!({
        "version": "1.0",
        // To be overruled: the real ones have such settings, too.
        "truncation":
            {"max_length": 8, "strategy": "LongestFirst", "stride": 0, "direction": "Right"},
        "padding": {"strategy": {"Fixed": 8}, "direction": "Right", "pad_to_multiple_of": null,
            "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"},
        "added_tokens": special,
        "normalizer": {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
            "strip_accents": null, "lowercase": true},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [mark("[CLS]"), {"Sequence": {"id": "A", "type_id": 0}}, mark("[SEP]")],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}},
                {"Sequence": {"id": "B", "type_id": 0}}],
            "special_tokens": {"[CLS]": numbered("[CLS]", 2), "[SEP]": numbered("[SEP]", 3)},
        },
        "decoder": null,
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocabulary},
    })
}

/// SplitMix64.
struct Random(u64);

impl Random {
    /// From -1 to 1.
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^= x >> 31;
        (x >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
}
