//! BERT as its paper has it, in plain loops over 64-bit numbers: what the crate is held against.

use crate::tiny::{EPSILON, HEADS, HIDDEN, LAYERS, TinyModel};

type Rows = Vec<Vec<f64>>;

/// What differs between the kin.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) first_position: usize,
    pub(crate) activation: fn(f64) -> f64,
}

impl Default for Kind {
    fn default() -> Self {
        Self { first_position: 0, activation: gelu }
    }
}

/// A vector per token.
pub(crate) fn hidden_states(model: &TinyModel, tokens: &[usize], kind: Kind) -> Rows {
    let bert = Bert(model);
    let words = bert.rows("embeddings.word_embeddings.weight");
    let positions = bert.rows("embeddings.position_embeddings.weight");
    let types = bert.rows("embeddings.token_type_embeddings.weight");
    let embedded = tokens.iter().enumerate().map(|(index, token)| {
        let position = &positions[kind.first_position + index];
        (0..HIDDEN).map(|i| words[*token][i] + position[i] + types[0][i]).collect()
    });
    let mut hidden = bert.norm("embeddings.LayerNorm", &embedded.collect());
    for layer in (0..LAYERS).map(|layer| format!("encoder.layer.{layer}")) {
        let attention = bert.attention(&format!("{layer}.attention.self"), &hidden);
        let attention = bert.dense(&format!("{layer}.attention.output.dense"), &attention);
        let name = format!("{layer}.attention.output.LayerNorm");
        let attention = bert.norm(&name, &sum(&attention, &hidden));
        let mut wide = bert.dense(&format!("{layer}.intermediate.dense"), &attention);
        wide.iter_mut().flatten().for_each(|value| *value = (kind.activation)(*value));
        let narrow = bert.dense(&format!("{layer}.output.dense"), &wide);
        hidden = bert.norm(&format!("{layer}.output.LayerNorm"), &sum(&narrow, &attention));
    }
    hidden
}

struct Bert<'a>(&'a TinyModel);

impl Bert<'_> {
    fn rows(&self, name: &str) -> Rows {
        let tensor = &self.0.tensors[name];
        let columns = *tensor.shape.last().unwrap();
        let rows = tensor.values.chunks(columns);
        rows.map(|row| row.iter().map(|value| f64::from(*value)).collect()).collect()
    }

    fn row(&self, name: &str) -> Vec<f64> {
        self.rows(name).concat()
    }

    fn dense(&self, name: &str, inputs: &Rows) -> Rows {
        let weight = self.rows(&format!("{name}.weight"));
        let bias = self.row(&format!("{name}.bias"));
        let of = |input: &Vec<f64>| {
            weight.iter().zip(&bias).map(|(row, bias)| dot(row, input) + bias).collect()
        };
        inputs.iter().map(of).collect()
    }

    fn norm(&self, name: &str, inputs: &Rows) -> Rows {
        let weight = self.row(&format!("{name}.weight"));
        let bias = self.row(&format!("{name}.bias"));
        let of = |input: &Vec<f64>| {
            let count = input.len() as f64;
            let mean = input.iter().sum::<f64>() / count;
            let variance = input.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
            let scaled = |i: usize| (input[i] - mean) / (variance + EPSILON).sqrt();
            (0..input.len()).map(|i| scaled(i) * weight[i] + bias[i]).collect()
        };
        inputs.iter().map(of).collect()
    }

    fn attention(&self, name: &str, hidden: &Rows) -> Rows {
        let query = self.dense(&format!("{name}.query"), hidden);
        let key = self.dense(&format!("{name}.key"), hidden);
        let value = self.dense(&format!("{name}.value"), hidden);
        let size = HIDDEN / HEADS;
        let mut mixed = vec![vec![0.0; HIDDEN]; hidden.len()];
        for head in (0..HEADS).map(|head| head * size..(head + 1) * size) {
            for (to, query) in query.iter().enumerate() {
                let scores = key.iter().map(|key| {
                    dot(&query[head.clone()], &key[head.clone()]) / (size as f64).sqrt()
                });
                let shares: Vec<f64> = scores.map(f64::exp).collect();
                let total: f64 = shares.iter().sum();
                for (share, value) in shares.iter().zip(&value) {
                    head.clone().for_each(|i| mixed[to][i] += share / total * value[i]);
                }
            }
        }
        mixed
    }
}

fn sum(a: &Rows, b: &Rows) -> Rows {
    a.iter().zip(b).map(|(a, b)| a.iter().zip(b).map(|(a, b)| a + b).collect()).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub(crate) fn gelu(x: f64) -> f64 {
    x * (1.0 + erf(x / 2f64.sqrt())) / 2.0
}

pub(crate) fn gelu_tanh(x: f64) -> f64 {
    let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3));
    x * (1.0 + inner.tanh()) / 2.0
}

/// The integral that defines it, by Simpson's rule.
fn erf(x: f64) -> f64 {
    const STEPS: u32 = 2000;
    let step = x / f64::from(STEPS);
    let at = |i: u32| (-(f64::from(i) * step).powi(2)).exp();
    let inner: f64 = (1..STEPS).map(|i| at(i) * if i % 2 == 1 { 4.0 } else { 2.0 }).sum();
    (at(0) + inner + at(STEPS)) * step / 3.0 * 2.0 / std::f64::consts::PI.sqrt()
}

#[test]
fn the_integral_is_right() {
    // From tables.
    for (x, expected) in
        [(0.0, 0.0), (0.5, 0.520_499_877_8), (1.0, 0.842_700_792_9), (-2.0, -0.995_322_265_0)]
    {
        assert!((erf(x) - expected).abs() < 1e-9, "{x}");
    }
}
