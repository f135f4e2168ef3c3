//! `config.json`: the shape of a transformer.

use std::path::Path;

use serde::Deserialize;

use super::OpenModelError;

pub(super) const FILE: &str = "config.json";
pub(super) const ADVICE: &str = "every transformer has one; download the whole folder of the model";

/// What is read of `config.json`. Numbers that an ONNX model does not need are looked at when they
/// are needed.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct TransformerConfig {
    #[serde(default, rename = "_name_or_path")]
    pub(super) name_or_path: Option<String>,
    #[serde(default)]
    pub(super) model_type: String,
    pub(super) vocab_size: Option<usize>,
    pub(super) hidden_size: Option<usize>,
    num_hidden_layers: Option<usize>,
    num_attention_heads: Option<usize>,
    intermediate_size: Option<usize>,
    pub(super) max_position_embeddings: Option<usize>,
    type_vocab_size: Option<usize>,
    layer_norm_eps: Option<f32>,
    hidden_act: Option<String>,
    position_embedding_type: Option<String>,
    pad_token_id: Option<usize>,
    is_decoder: Option<bool>,
}

/// What stands between the two layers of a feed-forward block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Activation {
    Gelu,
    /// GELU by way of the hyperbolic tangent.
    GeluTanh,
    Relu,
}

/// A transformer of BERT's architecture, all numbers known and fitting together.
#[derive(Debug, Clone)]
pub(super) struct BertShape {
    pub(super) vocabulary: usize,
    pub(super) hidden: usize,
    pub(super) layers: usize,
    pub(super) heads: usize,
    pub(super) intermediate: usize,
    /// Rows of the table of positions.
    pub(super) positions: usize,
    /// The row of a text's first token.
    pub(super) first_position: usize,
    pub(super) token_types: usize,
    pub(super) epsilon: f32,
    pub(super) activation: Activation,
}

/// More than any BERT has; it bounds the work for a damaged file.
const MOST_LAYERS: usize = 512;
/// RoBERTa's kin number positions from the one after the padding's.
const ROBERTA_PADDING: usize = 1;

impl TransformerConfig {
    /// How many tokens a text may have, by the table of positions.
    pub(super) fn most_tokens(&self) -> Option<usize> {
        self.max_position_embeddings.map(|rows| rows.saturating_sub(self.first_position()))
    }

    fn first_position(&self) -> usize {
        match self.model_type.as_str() {
            "roberta" | "xlm-roberta" | "camembert" => {
                self.pad_token_id.unwrap_or(ROBERTA_PADDING).saturating_add(1)
            }
            _ => 0,
        }
    }

    /// Whether [`bert`](Self::bert) is worth a try.
    pub(super) fn is_bert(&self) -> bool {
        matches!(self.model_type.as_str(), "bert" | "roberta" | "xlm-roberta" | "camembert")
    }

    /// The shape, for building the graph; `path` is where this configuration is from.
    pub(super) fn bert(&self, path: &Path) -> Result<BertShape, OpenModelError> {
        if !self.is_bert() {
            return Err(OpenModelError::unsupported(
                path,
                format!(
                    "says that the model is of type {:?}; from safetensors only bert, roberta, \
                     xlm-roberta and camembert can be loaded. Export it to ONNX (optimum-cli export \
                     onnx) and put model.onnx into the folder",
                    self.model_type
                ),
            ));
        }
        let number = |value: Option<usize>, name: &str| match value {
            Some(value) if value > 0 => Ok(value),
            _ => Err(OpenModelError::damaged(path, format!("no usable number in {name}"))),
        };
        let shape = BertShape {
            vocabulary: number(self.vocab_size, "vocab_size")?,
            hidden: number(self.hidden_size, "hidden_size")?,
            layers: number(self.num_hidden_layers, "num_hidden_layers")?,
            heads: number(self.num_attention_heads, "num_attention_heads")?,
            intermediate: number(self.intermediate_size, "intermediate_size")?,
            positions: number(self.max_position_embeddings, "max_position_embeddings")?,
            first_position: self.first_position(),
            token_types: number(Some(self.type_vocab_size.unwrap_or(2)), "type_vocab_size")?,
            epsilon: self.layer_norm_eps.unwrap_or(1e-12),
            activation: self.activation(path)?,
        };
        self.check(&shape, path)?;
        Ok(shape)
    }

    fn check(&self, shape: &BertShape, path: &Path) -> Result<(), OpenModelError> {
        let kind = self.position_embedding_type.as_deref().unwrap_or("absolute");
        if kind != "absolute" {
            let what = format!("asks for {kind} positions; only absolute ones are supported");
            return Err(OpenModelError::unsupported(path, what));
        }
        if self.is_decoder == Some(true) {
            let what = "says that the model is a decoder; only encoders are supported";
            return Err(OpenModelError::unsupported(path, what));
        }
        let wrong = if !shape.hidden.is_multiple_of(shape.heads) {
            "hidden_size is not a multiple of num_attention_heads"
        } else if shape.layers > MOST_LAYERS {
            "num_hidden_layers is out of all proportion"
        } else if shape.first_position >= shape.positions {
            "max_position_embeddings leaves no room for a token"
        } else if !(shape.epsilon >= 0.0 && shape.epsilon < 1.0) {
            "layer_norm_eps is no small number"
        } else {
            return Ok(());
        };
        Err(OpenModelError::damaged(path, wrong))
    }

    fn activation(&self, path: &Path) -> Result<Activation, OpenModelError> {
        match self.hidden_act.as_deref().unwrap_or("gelu") {
            "gelu" => Ok(Activation::Gelu),
            "gelu_new" | "gelu_pytorch_tanh" => Ok(Activation::GeluTanh),
            "relu" => Ok(Activation::Relu),
            other => Err(OpenModelError::unsupported(
                path,
                format!("asks for the activation {other:?}; gelu, gelu_new and relu are supported"),
            )),
        }
    }
}
