//! Where a model's network comes from: a safetensors file of a known architecture, or ONNX.

use std::path::PathBuf;

use rten_onnx::onnx::ModelProto;

use super::config::{self, BertShape, TransformerConfig};
use super::folder::ModelFolder;
use super::graph::DATA_FILE;
use super::recipe::Recipe;
use super::runtime::Network;
use super::weights::{self, Weights};
use super::{OpenModelError, bert};

const SAFETENSORS: &str = "model.safetensors";
const ONNX: [&str; 2] = ["model.onnx", "onnx/model.onnx"];
const ADVICE: &str =
    "a model needs model.safetensors, model.onnx or onnx/model.onnx; download the whole folder";

/// A file with a network in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    Safetensors(String),
    Onnx(String),
}

impl Source {
    /// What the user named, else what is there: safetensors first where it can be used.
    pub(super) fn find(
        folder: &ModelFolder,
        recipe: &Recipe,
        config: &TransformerConfig,
        named: Option<&str>,
    ) -> Result<Self, OpenModelError> {
        if let Some(name) = named {
            return Self::of_name(folder, name);
        }
        let safetensors = recipe.file(SAFETENSORS);
        let has_safetensors = folder.has(&safetensors);
        let onnx = ONNX.map(|name| recipe.file(name)).into_iter().find(|name| folder.has(name));
        match onnx {
            Some(onnx) if !(has_safetensors && config.is_bert()) => Ok(Self::Onnx(onnx)),
            _ if has_safetensors => Ok(Self::Safetensors(safetensors)),
            _ => Err(OpenModelError::missing(&folder.path_of(&safetensors), ADVICE)),
        }
    }

    fn of_name(folder: &ModelFolder, name: &str) -> Result<Self, OpenModelError> {
        let path = folder.path_of(name);
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("onnx") => Ok(Self::Onnx(name.to_owned())),
            Some("safetensors") => Ok(Self::Safetensors(name.to_owned())),
            _ => Err(OpenModelError::unsupported(&path, "is neither .safetensors nor .onnx")),
        }
    }

    pub(super) fn load(
        &self,
        folder: &mut ModelFolder,
        recipe: &Recipe,
        config: &TransformerConfig,
        threads: Option<usize>,
    ) -> Result<Network, OpenModelError> {
        match self {
            Self::Safetensors(name) => {
                let path = folder.path_of(name);
                let built = Built::read(folder, recipe, config, name)?;
                let onnx = built.bytes(&path)?;
                Network::load(
                    onnx,
                    vec![(DATA_FILE.to_owned(), built.weights.data)],
                    &path,
                    threads,
                )
            }
            Self::Onnx(name) => {
                let onnx = folder.bytes(name, ADVICE)?;
                let data = external_data(folder, name)?;
                Network::load(onnx, data, &folder.path_of(name), threads)
            }
        }
    }
}

/// A network made from a safetensors file.
pub(super) struct Built {
    pub(super) model: ModelProto,
    pub(super) weights: Weights,
}

impl Built {
    pub(super) fn read(
        folder: &mut ModelFolder,
        recipe: &Recipe,
        config: &TransformerConfig,
        name: &str,
    ) -> Result<Self, OpenModelError> {
        let shape: BertShape = config.bert(&folder.path_of(&recipe.file(config::FILE)))?;
        let mut file = folder.stream(name, ADVICE)?;
        let weights = weights::read(&mut file, &bert::wanted(&shape), bert::canonical)?;
        folder.finish(file)?;
        Ok(Self { model: bert::graph(&shape, &weights), weights })
    }

    /// The graph in the format of ONNX, the weights in a file of their own.
    pub(super) fn bytes(&self, path: &std::path::Path) -> Result<Vec<u8>, OpenModelError> {
        self.model
            .write_buf()
            .map_err(|error| OpenModelError::damaged_by(path, "no graph can be made of it", error))
    }
}

/// The files beside an ONNX file that hold its constants, as exporters name them.
fn external_data(
    folder: &mut ModelFolder,
    onnx: &str,
) -> Result<Vec<(String, Vec<u8>)>, OpenModelError> {
    let within = onnx.rsplit_once('/').map_or("", |(within, _)| within);
    let mut files = Vec::new();
    for name in folder.list(within)? {
        let path = PathBuf::from(&name);
        let extension = path.extension().and_then(|extension| extension.to_str());
        if extension.is_some_and(|ext| ext.starts_with("onnx_data") || ext.starts_with("data")) {
            let full = if within.is_empty() { name.clone() } else { format!("{within}/{name}") };
            files.push((name, folder.bytes(&full, ADVICE)?));
        }
    }
    Ok(files)
}
