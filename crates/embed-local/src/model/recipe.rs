//! What sentence-transformers does around the transformer, by the folder's own files.

use std::collections::HashMap;
use std::path::Path;

use cache_core::InputKind;
use serde::Deserialize;
use serde_json::Value;

use super::folder::ModelFolder;
use super::{OpenModelError, Pooling};

const MODULES: &str = "modules.json";
const PROMPTS: &str = "config_sentence_transformers.json";
/// The transformer's own settings, by the names that versions of the library gave the file.
const TRANSFORMER_SETTINGS: [&str; 6] = [
    "sentence_bert_config.json",
    "sentence_roberta_config.json",
    "sentence_distilbert_config.json",
    "sentence_camembert_config.json",
    "sentence_albert_config.json",
    "sentence_xlm-roberta_config.json",
];

/// How a text becomes a vector, apart from the transformer itself.
#[derive(Debug)]
pub(super) struct Recipe {
    /// The folder of the transformer's files within the model's: mostly the model's own, `""`.
    pub(super) transformer: String,
    pub(super) pooling: Pooling,
    pub(super) normalize: bool,
    pub(super) max_tokens: Option<usize>,
    pub(super) lower_case: bool,
    prompts: Prompts,
}

impl Recipe {
    /// Reads it. Without `modules.json` it is mean pooling and length one.
    pub(super) fn read(folder: &mut ModelFolder) -> Result<Self, OpenModelError> {
        let prompts = folder.optional_json::<Prompts>(PROMPTS)?.unwrap_or_default();
        let mut recipe = Self {
            transformer: String::new(),
            pooling: Pooling::Mean,
            normalize: true,
            max_tokens: None,
            lower_case: false,
            prompts,
        };
        if let Some(modules) = folder.optional_json::<Vec<Module>>(MODULES)? {
            recipe.follow(&modules, folder)?;
        }
        recipe.read_transformer_settings(folder)?;
        Ok(recipe)
    }

    /// The name of one of the transformer's files, as the folder knows it.
    pub(super) fn file(&self, name: &str) -> String {
        join(&self.transformer, name)
    }

    /// What is put before a text of this kind.
    pub(super) fn prompt(&self, kind: Option<InputKind>) -> &str {
        self.prompts.of(kind)
    }

    fn follow(
        &mut self,
        modules: &[Module],
        folder: &mut ModelFolder,
    ) -> Result<(), OpenModelError> {
        let path = folder.path_of(MODULES);
        let kinds: Vec<&str> = modules.iter().map(Module::kind).collect();
        self.normalize = match kinds[..] {
            ["Transformer", "Pooling"] => false,
            ["Transformer", "Pooling", "Normalize"] => true,
            _ => {
                let what = format!(
                    "asks for the modules {}; only Transformer, Pooling and perhaps Normalize, in \
                     this order, are supported",
                    kinds.join(", ")
                );
                return Err(OpenModelError::unsupported(&path, what));
            }
        };
        self.transformer.clone_from(&modules[0].path);
        let name = join(&modules[1].path, "config.json");
        let settings: PoolingSettings = folder
            .json(&name, "modules.json asks for it; download the whole folder of the model")?;
        self.pooling = settings.pooling(&folder.path_of(&name))?;
        Ok(())
    }

    fn read_transformer_settings(
        &mut self,
        folder: &mut ModelFolder,
    ) -> Result<(), OpenModelError> {
        for name in TRANSFORMER_SETTINGS {
            let name = self.file(name);
            if let Some(settings) = folder.optional_json::<TransformerSettings>(&name)? {
                self.max_tokens = settings.max_seq_length;
                self.lower_case = settings.do_lower_case.unwrap_or(false);
                break;
            }
        }
        Ok(())
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

#[derive(Debug, Deserialize)]
struct Module {
    #[serde(default)]
    path: String,
    r#type: String,
}

impl Module {
    /// Its class, without the Python module that it is in.
    fn kind(&self) -> &str {
        self.r#type.rsplit('.').next().unwrap_or(&self.r#type)
    }
}

#[derive(Debug, Deserialize)]
struct TransformerSettings {
    max_seq_length: Option<usize>,
    do_lower_case: Option<bool>,
}

/// `1_Pooling/config.json`: either one name, or a flag for every mode.
#[derive(Debug, Deserialize)]
struct PoolingSettings {
    pooling_mode: Option<Value>,
    include_prompt: Option<bool>,
    #[serde(flatten)]
    others: HashMap<String, Value>,
}

impl PoolingSettings {
    const FLAG: &str = "pooling_mode_";

    fn pooling(&self, path: &Path) -> Result<Pooling, OpenModelError> {
        if self.include_prompt == Some(false) {
            let what =
                "asks for pooling without the prompt (include_prompt), which is not supported";
            return Err(OpenModelError::unsupported(path, what));
        }
        match self.modes()[..] {
            ["mean" | "mean_tokens"] => Ok(Pooling::Mean),
            ["cls" | "cls_token"] => Ok(Pooling::Cls),
            ["max" | "max_tokens"] => Ok(Pooling::Max),
            ref modes => Err(OpenModelError::unsupported(
                path,
                format!("asks for the pooling {modes:?}; one of mean, cls and max is supported"),
            )),
        }
    }

    fn modes(&self) -> Vec<&str> {
        match &self.pooling_mode {
            Some(Value::String(mode)) => vec![mode],
            Some(Value::Array(modes)) => modes.iter().filter_map(Value::as_str).collect(),
            _ => {
                let set = self.others.iter().filter(|(_, value)| **value == Value::Bool(true));
                let mut modes: Vec<&str> =
                    set.filter_map(|(name, _)| name.strip_prefix(Self::FLAG)).collect();
                modes.sort_unstable();
                modes
            }
        }
    }
}

/// What is put before texts, by what they are for.
#[derive(Debug, Default, Deserialize)]
struct Prompts {
    #[serde(default)]
    prompts: HashMap<String, String>,
    #[serde(default)]
    default_prompt_name: Option<String>,
}

impl Prompts {
    /// As `encode`, `encode_query` and `encode_document` of the library choose it.
    fn of(&self, kind: Option<InputKind>) -> &str {
        let names: &[&str] = match kind {
            Some(InputKind::Query) => &["query"],
            Some(InputKind::Document) => &["document", "passage", "corpus"],
            _ => &[],
        };
        let default = self.default_prompt_name.as_deref();
        let named = names.iter().copied().chain(default).find_map(|name| self.prompts.get(name));
        named.map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pooling(json: &str) -> Result<Pooling, String> {
        let settings: PoolingSettings = serde_json::from_str(json).unwrap();
        settings.pooling(Path::new("1_Pooling/config.json")).map_err(|error| error.to_string())
    }

    #[test]
    fn pooling_is_named_or_flagged() {
        let flags = r#"{"word_embedding_dimension": 4, "pooling_mode_cls_token": false,
            "pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": false}"#;
        assert_eq!(pooling(flags), Ok(Pooling::Mean));
        assert_eq!(pooling(r#"{"pooling_mode_cls_token": true}"#), Ok(Pooling::Cls));
        assert_eq!(pooling(r#"{"pooling_mode": "max"}"#), Ok(Pooling::Max));
        assert_eq!(pooling(r#"{"pooling_mode": ["cls"]}"#), Ok(Pooling::Cls));
    }

    #[test]
    fn other_poolings_are_refused() {
        for json in [
            "{}",
            r#"{"pooling_mode": "lasttoken"}"#,
            r#"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": true}"#,
            r#"{"pooling_mode_weightedmean_tokens": true}"#,
            r#"{"pooling_mode": "mean", "include_prompt": false}"#,
        ] {
            let error = pooling(json).unwrap_err();
            assert!(error.contains("1_Pooling/config.json asks for"), "{error}");
        }
    }

    #[test]
    fn prompts_go_by_the_kind() {
        let prompts: Prompts = serde_json::from_str(
            r#"{"prompts": {"query": "query: ", "passage": "passage: ", "x": "all: "},
                "default_prompt_name": "x"}"#,
        )
        .unwrap();
        assert_eq!(prompts.of(Some(InputKind::Query)), "query: ");
        assert_eq!(prompts.of(Some(InputKind::Document)), "passage: ");
        assert_eq!(prompts.of(None), "all: ");
        assert_eq!(Prompts::default().of(Some(InputKind::Query)), "");
    }
}
