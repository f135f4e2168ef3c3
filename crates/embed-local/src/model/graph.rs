//! Writing down an ONNX graph, node by node.

use rten_onnx::onnx::{
    AttributeProto, AttributeType, DataLocation, DataType, Dimension, GraphProto, ModelProto,
    NodeProto, OperatorSetIdProto, StringStringEntryProto, TensorProto, TensorShapeProto,
    TypeProto, TypeProtoTensor, ValueInfoProto,
};

use super::weights::Placed;

/// The file that the constants lie in, beside that of the graph.
pub(super) const DATA_FILE: &str = "model.onnx_data";
/// The version of the operators: the first with GELU.
const OPSET: i64 = 20;
/// The version of the format that came with it.
const IR_VERSION: i64 = 9;

/// The name of a value in the graph.
pub(super) type Name = String;

/// A graph that grows.
#[derive(Debug, Default)]
pub(super) struct GraphWriter {
    graph: GraphProto,
}

impl GraphWriter {
    /// An input of whole numbers, by the names of its dimensions.
    pub(super) fn input(&mut self, name: &str, dimensions: &[&str]) -> Name {
        let named = dimensions.iter().map(|name| dimension(None, Some(name))).collect();
        self.graph.input.push(value(name, DataType::INT64, named));
        name.to_owned()
    }

    /// A constant out of the file of weights.
    pub(super) fn weights(&mut self, name: &str, placed: &Placed) -> Name {
        let entry = |key: &str, value: String| StringStringEntryProto {
            key: Some(key.to_owned()),
            value: Some(value),
        };
        self.graph.initializer.push(TensorProto {
            dims: placed.shape.iter().map(|size| as_i64(*size)).collect(),
            data_type: Some(DataType::FLOAT),
            name: Some(name.to_owned()),
            external_data: vec![
                entry("location", DATA_FILE.to_owned()),
                entry("offset", placed.offset.to_string()),
                entry("length", placed.length.to_string()),
            ],
            data_location: Some(DataLocation::EXTERNAL),
            ..TensorProto::default()
        });
        name.to_owned()
    }

    /// A constant list of whole numbers.
    pub(super) fn integers(&mut self, name: &str, values: &[i64]) -> Name {
        self.graph.initializer.push(TensorProto {
            dims: vec![as_i64(values.len())],
            data_type: Some(DataType::INT64),
            int64_data: values.to_vec(),
            name: Some(name.to_owned()),
            ..TensorProto::default()
        });
        name.to_owned()
    }

    /// A constant number.
    pub(super) fn number(&mut self, name: &str, value: f32) -> Name {
        self.graph.initializer.push(TensorProto {
            data_type: Some(DataType::FLOAT),
            float_data: vec![value],
            name: Some(name.to_owned()),
            ..TensorProto::default()
        });
        name.to_owned()
    }

    /// An operation; `name` becomes that of its result.
    pub(super) fn node(
        &mut self,
        operator: &str,
        name: &str,
        inputs: &[&Name],
        attributes: Vec<AttributeProto>,
    ) -> Name {
        self.graph.node.push(NodeProto {
            name: Some(name.to_owned()),
            op_type: Some(operator.to_owned()),
            input: inputs.iter().map(|input| (*input).clone()).collect(),
            output: vec![name.to_owned()],
            attribute: attributes,
            ..NodeProto::default()
        });
        name.to_owned()
    }

    /// The model with this value, of these dimensions, as its output.
    pub(super) fn finish(mut self, output: &Name, dimensions: &[&str], last: usize) -> ModelProto {
        let mut named: Vec<Dimension> =
            dimensions.iter().map(|name| dimension(None, Some(name))).collect();
        named.push(dimension(Some(as_i64(last)), None));
        self.graph.output.push(value(output, DataType::FLOAT, named));
        ModelProto {
            ir_version: Some(IR_VERSION),
            opset_import: vec![OperatorSetIdProto { domain: None, version: Some(OPSET) }],
            producer_name: Some(env!("CARGO_PKG_NAME").to_owned()),
            producer_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            graph: Some(self.graph),
            ..ModelProto::default()
        }
    }
}

/// An attribute that is a whole number.
pub(super) fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        i: Some(value),
        r#type: Some(AttributeType::INT),
        ..AttributeProto::default()
    }
}

/// An attribute that is a list of whole numbers.
pub(super) fn ints(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        ints: values.to_vec(),
        r#type: Some(AttributeType::INTS),
        ..AttributeProto::default()
    }
}

/// An attribute that is a number.
pub(super) fn float(name: &str, value: f32) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        f: Some(value),
        r#type: Some(AttributeType::FLOAT),
        ..AttributeProto::default()
    }
}

/// An attribute that is a word.
pub(super) fn string(name: &str, value: &str) -> AttributeProto {
    AttributeProto {
        name: Some(name.to_owned()),
        s: Some(value.to_owned()),
        r#type: Some(AttributeType::STRING),
        ..AttributeProto::default()
    }
}

fn value(name: &str, kind: DataType, dimensions: Vec<Dimension>) -> ValueInfoProto {
    let tensor = TypeProtoTensor {
        elem_type: Some(kind),
        shape: Some(TensorShapeProto { dim: dimensions }),
    };
    ValueInfoProto {
        name: Some(name.to_owned()),
        r#type: Some(TypeProto { tensor_type: Some(tensor), ..TypeProto::default() }),
    }
}

fn dimension(value: Option<i64>, name: Option<&str>) -> Dimension {
    Dimension { dim_value: value, dim_param: name.map(str::to_owned) }
}

/// Sizes of what is in memory always fit.
pub(super) fn as_i64(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
