//! A model as ONNX, for other runtimes.

use std::fs;
use std::path::{Path, PathBuf};

use super::OpenModelError;
use super::config::{self, TransformerConfig};
use super::folder::ModelFolder;
use super::graph::DATA_FILE;
use super::recipe::Recipe;
use super::source::Built;

/// Writes the transformer of the model in `folder` to `target` as ONNX (opset 20), from its
/// `model.safetensors`: `model.onnx` with the graph and `model.onnx_data` with the weights. Returns
/// the path of the first.
///
/// The inputs are `input_ids` and `attention_mask`, texts × tokens of 64-bit integers each; the
/// output is `last_hidden_state`, texts × tokens × dimensions. Pooling and scaling are not part of
/// it. It blocks, and needs memory for the weights.
///
/// # Errors
/// What is wrong with the model's files, or that `target` cannot be written.
pub fn export_onnx(folder: &Path, target: &Path) -> Result<PathBuf, OpenModelError> {
    let mut folder = ModelFolder::open(folder)?;
    let recipe = Recipe::read(&mut folder)?;
    let config: TransformerConfig = folder.json(&recipe.file(config::FILE), config::ADVICE)?;
    let name = recipe.file("model.safetensors");
    let built = Built::read(&mut folder, &recipe, &config, &name)?;
    let graph = built.bytes(&folder.path_of(&name))?;
    let path = write(target, "model.onnx", &graph)?;
    write(target, DATA_FILE, &built.weights.data)?;
    Ok(path)
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, OpenModelError> {
    let path = folder.join(name);
    match fs::write(&path, bytes) {
        Ok(()) => Ok(path),
        Err(source) => Err(OpenModelError::Unwritable { path, source }),
    }
}
