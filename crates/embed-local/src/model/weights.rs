//! Reading a safetensors file into the one buffer that the graph's constants lie in.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read};
use std::path::Path;

use half::{bf16, f16};
use safetensors::tensor::{Dtype, Metadata, TensorInfo};

use super::OpenModelError;
use super::folder::ModelFile;

/// The length of the header's length.
const LENGTH: usize = 8;
/// As the format's own library has it.
const LONGEST_HEADER: u64 = 100_000_000;

/// A tensor that a graph needs.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    pub(super) shape: Vec<usize>,
    /// To be stored with rows and columns exchanged: PyTorch keeps a layer's weights as outputs ×
    /// inputs, a product needs them the other way round.
    pub(super) transposed: bool,
    /// What every value is multiplied with.
    pub(super) factor: f32,
}

impl Wanted {
    pub(super) fn new(shape: &[usize]) -> Self {
        Self { shape: shape.to_vec(), transposed: false, factor: 1.0 }
    }
}

/// Where a tensor lies in [`Weights::data`].
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) shape: Vec<usize>,
    /// In bytes.
    pub(super) offset: usize,
    /// In bytes.
    pub(super) length: usize,
}

/// Tensors of 32-bit floats, little endian, one after the other.
#[derive(Debug)]
pub(super) struct Weights {
    pub(super) data: Vec<u8>,
    pub(super) tensors: HashMap<String, Placed>,
}

/// Reads the wanted tensors, in one pass. `canonical` turns a tensor's name in the file to that
/// under which it is wanted.
pub(super) fn read(
    file: &mut ModelFile,
    wanted: &HashMap<String, Wanted>,
    canonical: fn(&str) -> String,
) -> Result<Weights, OpenModelError> {
    let path = file.path().to_owned();
    let metadata = header(file, &path)?;
    let in_order = metadata.offset_keys();
    let found: Vec<(String, &TensorInfo)> =
        in_order.iter().filter_map(|name| Some((canonical(name), metadata.info(name)?))).collect();
    check_complete(&found, wanted, &path)?;

    let sizes = found.iter().filter(|(name, _)| wanted.contains_key(name));
    let size = sizes.map(|(_, info)| info.shape.iter().product::<usize>() * size_of::<f32>()).sum();
    let mut weights = Weights { data: Vec::with_capacity(size), tensors: HashMap::new() };
    let mut raw = Vec::new();
    for (name, info) in found {
        read_exactly(file, info.data_offsets.1 - info.data_offsets.0, &mut raw, &path)?;
        if let Some(wish) = wanted.get(&name) {
            let values = floats(&name, info, wish, &raw, &path)?;
            weights.place(name, wish, &values);
        }
    }
    Ok(weights)
}

/// The header, checked against itself and the length of the file.
fn header(file: &mut ModelFile, path: &Path) -> Result<Metadata, OpenModelError> {
    let mut raw = Vec::new();
    read_exactly(file, LENGTH, &mut raw, path)?;
    let length = raw.as_slice().try_into().map_or(0, u64::from_le_bytes);
    let rest = file.length().saturating_sub(LENGTH as u64);
    if length > rest.min(LONGEST_HEADER) {
        return Err(OpenModelError::damaged(path, "its header is longer than the file"));
    }
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    read_exactly(file, length, &mut raw, path)?;
    let metadata: Metadata = serde_json::from_slice(&raw)
        .map_err(|error| OpenModelError::damaged_by(path, format!("its header: {error}"), error))?;
    let data = rest - length as u64;
    if metadata.data_len() as u64 != data {
        let what = format!("{data} bytes of tensors, its header says {}", metadata.data_len());
        return Err(OpenModelError::damaged(path, what));
    }
    Ok(metadata)
}

fn read_exactly(
    file: &mut ModelFile,
    length: usize,
    into: &mut Vec<u8>,
    path: &Path,
) -> Result<(), OpenModelError> {
    into.resize(length, 0);
    file.read_exact(into).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => OpenModelError::damaged_by(path, "it ends early", error),
        _ => OpenModelError::unreadable(path, error),
    })
}

fn check_complete(
    found: &[(String, &TensorInfo)],
    wanted: &HashMap<String, Wanted>,
    path: &Path,
) -> Result<(), OpenModelError> {
    let found: HashSet<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    let mut missing: Vec<&str> =
        wanted.keys().map(String::as_str).filter(|name| !found.contains(name)).collect();
    missing.sort_unstable();
    match missing[..] {
        [] => Ok(()),
        [first, ..] => Err(OpenModelError::mismatch(
            path,
            format!(
                "lacks {} of the {} tensors that config.json asks for, {first} for one: the files \
                 are not of one model",
                missing.len(),
                wanted.len()
            ),
        )),
    }
}

/// A tensor's values, when it is what is wanted.
fn floats(
    name: &str,
    info: &TensorInfo,
    wish: &Wanted,
    raw: &[u8],
    path: &Path,
) -> Result<Vec<f32>, OpenModelError> {
    if info.shape != wish.shape {
        let what = format!(
            "has a tensor {name} of shape {:?}, config.json asks for {:?}: the files are not of \
             one model",
            info.shape, wish.shape
        );
        return Err(OpenModelError::mismatch(path, what));
    }
    match info.dtype {
        Dtype::F32 => Ok(decode(raw, f32::from_le_bytes)),
        Dtype::F16 => Ok(decode(raw, |bytes| f16::from_le_bytes(bytes).to_f32())),
        Dtype::BF16 => Ok(decode(raw, |bytes| bf16::from_le_bytes(bytes).to_f32())),
        other => Err(OpenModelError::unsupported(
            path,
            format!("has a tensor {name} of type {other:?}; F32, F16 and BF16 are supported"),
        )),
    }
}

fn decode<const N: usize>(raw: &[u8], value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    raw.as_chunks::<N>().0.iter().map(|bytes| value(*bytes)).collect()
}

impl Weights {
    fn place(&mut self, name: String, wish: &Wanted, values: &[f32]) {
        let offset = self.data.len();
        let mut shape = wish.shape.clone();
        let mut push = |value: f32| self.data.extend((value * wish.factor).to_le_bytes());
        match shape[..] {
            [rows, columns] if wish.transposed => {
                for column in 0..columns {
                    (0..rows).for_each(|row| push(values[row * columns + column]));
                }
                shape.reverse();
            }
            _ => values.iter().copied().for_each(push),
        }
        let length = self.data.len() - offset;
        self.tensors.insert(name, Placed { shape, offset, length });
    }
}
