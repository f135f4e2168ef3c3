//! In which form a module keeps an index.

use cache_core::vector::{GraphOptions, IndexMethod, IndexSchema, Precision};
use half::f16;

use super::super::{blob, unit};

/// What is asked of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::vector) struct Module {
    /// Vectors of half-precision numbers, which it knows.
    pub(in crate::vector) halves: bool,
    /// Graphs, which its user wants.
    pub(in crate::vector) graphs: bool,
}

/// The form of an index. The text of its schema tells it, whatever is asked of the module now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    /// Numbers of two bytes and not of four.
    halves: bool,
    /// A graph and not a list.
    graph: bool,
}

impl Form {
    /// The smallest numbers that are as exact as asked for. A module is asked for no bytes: to find the
    /// scale of each vector would be left to us.
    pub(super) fn of(schema: &IndexSchema, module: Module) -> Self {
        let halves = matches!(schema.precision, Precision::Float16 | Precision::Int8);
        let graph = matches!(schema.method, IndexMethod::Approximate(_));
        Self { halves: halves && module.halves, graph: graph && module.graphs }
    }

    /// What the text of a schema calls it.
    pub(super) fn engine(self) -> &'static str {
        match (self.halves, self.graph) {
            (false, false) => "search",
            (true, false) => "search/half",
            (false, true) => "search/graph",
            (true, true) => "search/half/graph",
        }
    }

    /// The form that is [called](Self::engine) so.
    pub(super) fn of_engine(engine: &str) -> Option<Self> {
        let forms = [(false, false), (true, false), (false, true), (true, true)];
        let mut forms = forms.map(|(halves, graph)| Self { halves, graph }).into_iter();
        forms.find(|form| form.engine() == engine)
    }

    /// Nothing is missed.
    pub(super) fn is_exact(self) -> bool {
        !self.graph
    }

    /// The graph of an index of this schema.
    pub(super) fn graph(self, schema: &IndexSchema) -> Option<GraphOptions> {
        match schema.method {
            IndexMethod::Approximate(graph) if self.graph => Some(graph),
            _ => None,
        }
    }

    /// What the module calls its numbers.
    pub(super) fn numbers(self) -> &'static str {
        if self.halves { "FLOAT16" } else { "FLOAT32" }
    }

    /// How far a similarity may be off.
    pub(super) fn similarity_error(self) -> f32 {
        if self.halves { 1e-3 } else { 1e-5 }
    }

    /// A vector as the module takes it.
    pub(super) fn blob(self, vector: &[f32]) -> Vec<u8> {
        if self.halves {
            unit(vector).flat_map(|value| f16::from_f64(value).to_le_bytes()).collect()
        } else {
            blob(vector)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_taken_where_they_are_known_and_exact_enough() {
        let schema = IndexSchema::new(3).unwrap();
        for (halves, precision, expected) in [
            (true, Precision::Float32, "FLOAT32"),
            (true, Precision::Float16, "FLOAT16"),
            (true, Precision::Int8, "FLOAT16"),
            (false, Precision::Float16, "FLOAT32"),
        ] {
            let module = Module { halves, graphs: true };
            let form = Form::of(&schema.clone().with_precision(precision), module);
            assert_eq!(form.numbers(), expected);
            assert!(form.is_exact(), "graphs are for approximate indexes");
        }
    }

    #[test]
    fn graphs_are_used_where_they_are_wanted() {
        let options = GraphOptions::new().with_links(7);
        let schema = IndexSchema::new(3).unwrap().with_method(IndexMethod::Approximate(options));
        for graphs in [true, false] {
            let form = Form::of(&schema, Module { halves: false, graphs });
            assert_eq!(form.graph(&schema), graphs.then_some(options));
            assert_eq!(Form::of_engine(form.engine()), Some(form));
        }
        assert_eq!(Form::of_engine("sets/1"), None);
    }

    #[test]
    fn halves_are_of_length_one_whatever_the_vector_is() {
        let form = Form { halves: true, graph: false };
        for scale in [1e-37, 1.0, 1e37] {
            let bytes = form.blob(&[3.0 * scale, 4.0 * scale]);
            let value = |at: usize| f16::from_le_bytes([bytes[at], bytes[at + 1]]);
            assert_eq!([value(0), value(2)], [0.6, 0.8].map(f16::from_f32));
        }
    }
}
