//! BERT as an ONNX graph, made from the shape and the weights that the model's folder holds.

use std::collections::HashMap;

use rten_onnx::onnx::{DataType, ModelProto};

use super::config::{Activation, BertShape};
use super::graph::{GraphWriter, Name, as_i64, float, int, ints, string};
use super::weights::{Wanted, Weights};

pub(super) const INPUT_IDS: &str = "input_ids";
pub(super) const ATTENTION_MASK: &str = "attention_mask";
pub(super) const OUTPUT: &str = "last_hidden_state";

/// Added to the likeness with a token that is only padding: its share becomes zero.
const MASKED: f32 = -1e9;

/// A tensor's name without what older and wrapped models say differently.
pub(super) fn canonical(name: &str) -> String {
    let name = name.strip_prefix("bert.").or_else(|| name.strip_prefix("roberta.")).unwrap_or(name);
    match name.rsplit_once('.') {
        Some((layer, "gamma")) => format!("{layer}.weight"),
        Some((layer, "beta")) => format!("{layer}.bias"),
        _ => name.to_owned(),
    }
}

/// Every tensor that a BERT of this shape has, without its pooler.
pub(super) fn wanted(shape: &BertShape) -> HashMap<String, Wanted> {
    let mut all = WantedTensors::default();
    let hidden = shape.hidden;
    all.table("embeddings.word_embeddings", shape.vocabulary, hidden);
    all.table("embeddings.position_embeddings", shape.positions, hidden);
    all.table("embeddings.token_type_embeddings", shape.token_types, hidden);
    all.norm("embeddings.LayerNorm", hidden);
    for layer in (0..shape.layers).map(layer_name) {
        // Likenesses are divided by the root of a head's size: it is done to the questions' weights.
        let scale = 1.0 / ((hidden / shape.heads) as f32).sqrt();
        all.dense(&format!("{layer}.attention.self.query"), hidden, hidden, scale);
        all.dense(&format!("{layer}.attention.self.key"), hidden, hidden, 1.0);
        all.dense(&format!("{layer}.attention.self.value"), hidden, hidden, 1.0);
        all.dense(&format!("{layer}.attention.output.dense"), hidden, hidden, 1.0);
        all.norm(&format!("{layer}.attention.output.LayerNorm"), hidden);
        all.dense(&format!("{layer}.intermediate.dense"), hidden, shape.intermediate, 1.0);
        all.dense(&format!("{layer}.output.dense"), shape.intermediate, hidden, 1.0);
        all.norm(&format!("{layer}.output.LayerNorm"), hidden);
    }
    all.0
}

fn layer_name(index: usize) -> String {
    format!("encoder.layer.{index}")
}

#[derive(Default)]
struct WantedTensors(HashMap<String, Wanted>);

impl WantedTensors {
    fn table(&mut self, name: &str, rows: usize, columns: usize) {
        self.0.insert(format!("{name}.weight"), Wanted::new(&[rows, columns]));
    }

    fn norm(&mut self, name: &str, size: usize) {
        self.0.insert(format!("{name}.weight"), Wanted::new(&[size]));
        self.0.insert(format!("{name}.bias"), Wanted::new(&[size]));
    }

    fn dense(&mut self, name: &str, inputs: usize, outputs: usize, factor: f32) {
        let weight = Wanted { transposed: true, factor, ..Wanted::new(&[outputs, inputs]) };
        self.0.insert(format!("{name}.weight"), weight);
        self.0.insert(format!("{name}.bias"), Wanted { factor, ..Wanted::new(&[outputs]) });
    }
}

/// The graph: token numbers and mask in, a vector per token out.
pub(super) fn graph(shape: &BertShape, weights: &Weights) -> ModelProto {
    let mut bert = Bert { graph: GraphWriter::default(), shape, weights };
    let ids = bert.graph.input(INPUT_IDS, &["batch", "sequence"]);
    let mask = bert.graph.input(ATTENTION_MASK, &["batch", "sequence"]);
    let mask = bert.additive_mask(&mask);
    let constants = Constants::new(&mut bert.graph, shape);
    let mut hidden = bert.embeddings(&ids);
    for index in 0..shape.layers {
        hidden = bert.layer(index, &hidden, &mask, &constants);
    }
    let output = bert.graph.node("Identity", OUTPUT, &[&hidden], vec![]);
    bert.graph.finish(&output, &["batch", "sequence"], shape.hidden)
}

/// Shapes that every layer uses. A zero stands for a dimension that stays.
struct Constants {
    heads_apart: Name,
    heads_together: Name,
}

impl Constants {
    fn new(graph: &mut GraphWriter, shape: &BertShape) -> Self {
        let (heads, size) = (as_i64(shape.heads), as_i64(shape.hidden / shape.heads));
        Self {
            heads_apart: graph.integers("heads_apart", &[0, 0, heads, size]),
            heads_together: graph.integers("heads_together", &[0, 0, as_i64(shape.hidden)]),
        }
    }
}

struct Bert<'a> {
    graph: GraphWriter,
    shape: &'a BertShape,
    weights: &'a Weights,
}

impl Bert<'_> {
    /// Zero for a token, [`MASKED`] for padding, in a shape that is added to every head's rows.
    fn additive_mask(&mut self, mask: &Name) -> Name {
        let graph = &mut self.graph;
        let one = graph.number("one", 1.0);
        let masked = graph.number("masked", MASKED);
        let axes = graph.integers("mask_axes", &[1, 2]);
        let to_float = int("to", i64::from(DataType::FLOAT.0));
        let mask = graph.node("Cast", "mask/float", &[mask], vec![to_float]);
        let mask = graph.node("Sub", "mask/padding", &[&one, &mask], vec![]);
        let mask = graph.node("Mul", "mask/added", &[&mask, &masked], vec![]);
        graph.node("Unsqueeze", "mask", &[&mask, &axes], vec![])
    }

    /// Words, positions, and the type that all tokens have when there is but one text.
    fn embeddings(&mut self, ids: &Name) -> Name {
        let words = self.weight("embeddings.word_embeddings.weight");
        let positions = self.weight("embeddings.position_embeddings.weight");
        let types = self.weight("embeddings.token_type_embeddings.weight");
        let first = as_i64(self.shape.first_position);
        let graph = &mut self.graph;
        let (zero, one) = (graph.integers("zero", &[0]), graph.integers("one_index", &[1]));
        let first = graph.integers("first_position", &[first]);

        let length = graph.node("Shape", "length", &[ids], vec![int("start", 1), int("end", 2)]);
        let end = graph.node("Add", "positions/end", &[&length, &first], vec![]);
        let words = graph.node("Gather", "words", &[&words, ids], vec![]);
        let rows = graph.node("Slice", "positions", &[&positions, &first, &end, &zero], vec![]);
        let kind = graph.node("Slice", "type", &[&types, &zero, &one, &zero], vec![]);
        let rows = graph.node("Add", "positions/typed", &[&rows, &kind], vec![]);
        let sum = graph.node("Add", "embeddings/sum", &[&words, &rows], vec![]);
        self.norm("embeddings.LayerNorm", &sum)
    }

    fn layer(&mut self, index: usize, hidden: &Name, mask: &Name, constants: &Constants) -> Name {
        let layer = layer_name(index);
        let attention = self.attention(&layer, hidden, mask, constants);
        let name = format!("{layer}.attention.output");
        let attention = self.dense(&format!("{name}.dense"), &attention);
        let attention = self.residual(&name, &attention, hidden);

        let wide = self.dense(&format!("{layer}.intermediate.dense"), &attention);
        let wide = self.activation(&format!("{layer}.intermediate"), &wide);
        let name = format!("{layer}.output");
        let narrow = self.dense(&format!("{name}.dense"), &wide);
        self.residual(&name, &narrow, &attention)
    }

    fn attention(
        &mut self,
        layer: &str,
        hidden: &Name,
        mask: &Name,
        constants: &Constants,
    ) -> Name {
        let name = format!("{layer}.attention.self");
        let query = self.heads(&format!("{name}.query"), hidden, &[0, 2, 1, 3], constants);
        let key = self.heads(&format!("{name}.key"), hidden, &[0, 2, 3, 1], constants);
        let value = self.heads(&format!("{name}.value"), hidden, &[0, 2, 1, 3], constants);
        let graph = &mut self.graph;
        let part = |part: &str| format!("{name}/{part}");
        let scores = graph.node("MatMul", &part("scores"), &[&query, &key], vec![]);
        let scores = graph.node("Add", &part("masked"), &[&scores, mask], vec![]);
        let shares = graph.node("Softmax", &part("shares"), &[&scores], vec![int("axis", -1)]);
        let mixed = graph.node("MatMul", &part("mixed"), &[&shares, &value], vec![]);
        let order = vec![ints("perm", &[0, 2, 1, 3])];
        let mixed = graph.node("Transpose", &part("by_token"), &[&mixed], order);
        graph.node("Reshape", &part("together"), &[&mixed, &constants.heads_together], vec![])
    }

    /// A projection, its heads apart, its dimensions in this order.
    fn heads(&mut self, name: &str, hidden: &Name, order: &[i64], constants: &Constants) -> Name {
        let all = self.dense(name, hidden);
        let apart = format!("{name}/apart");
        let apart = self.graph.node("Reshape", &apart, &[&all, &constants.heads_apart], vec![]);
        let ordered = format!("{name}/by_head");
        self.graph.node("Transpose", &ordered, &[&apart], vec![ints("perm", order)])
    }

    fn dense(&mut self, name: &str, input: &Name) -> Name {
        let weight = self.weight(&format!("{name}.weight"));
        let bias = self.weight(&format!("{name}.bias"));
        let product =
            self.graph.node("MatMul", &format!("{name}/product"), &[input, &weight], vec![]);
        self.graph.node("Add", name, &[&product, &bias], vec![])
    }

    fn residual(&mut self, name: &str, change: &Name, before: &Name) -> Name {
        let sum = self.graph.node("Add", &format!("{name}/sum"), &[change, before], vec![]);
        self.norm(&format!("{name}.LayerNorm"), &sum)
    }

    fn norm(&mut self, name: &str, input: &Name) -> Name {
        let weight = self.weight(&format!("{name}.weight"));
        let bias = self.weight(&format!("{name}.bias"));
        let attributes = vec![int("axis", -1), float("epsilon", self.shape.epsilon)];
        self.graph.node("LayerNormalization", name, &[input, &weight, &bias], attributes)
    }

    fn activation(&mut self, name: &str, input: &Name) -> Name {
        let gelu = |how: &str| ("Gelu", vec![string("approximate", how)]);
        let (operator, attributes) = match self.shape.activation {
            Activation::Gelu => gelu("none"),
            Activation::GeluTanh => gelu("tanh"),
            Activation::Relu => ("Relu", vec![]),
        };
        self.graph.node(operator, &format!("{name}/activated"), &[input], attributes)
    }

    /// A tensor that [`wanted`] asked for, so that it is there.
    fn weight(&mut self, name: &str) -> Name {
        self.graph.weights(name, &self.weights.tensors[name])
    }
}
