//! An opened model.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cache_core::ModelIdentity;
use tokio::sync::Semaphore;
use tokio::task;

use super::config::{self, TransformerConfig};
use super::folder::ModelFolder;
use super::recipe::Recipe;
use super::runtime::Network;
use super::source::Source;
use super::tokens::TextTokenizer;
use super::{LocalModelOptions, OpenModelError, Pooling};

/// Changes with whatever is done to texts and vectors here: vectors of another revision are of
/// another model.
const REVISION: &str = "1";
const UNNAMED: &str = "local-model";

/// A sentence-transformers model in the process: texts in, vectors out, no service in between.
///
/// # What it computes
/// What the Python library computes for the same folder: tokens by `tokenizer.json`, cut after
/// [`max_tokens`](Self::max_tokens), the transformer, pooling and scaling by `modules.json`, and
/// the prompts of `config_sentence_transformers.json` by what a text is for. Without
/// `modules.json` it is mean pooling and vectors of length one. A folder that asks for anything
/// else is refused when it is opened. Nothing of a text after its first mebibyte is looked at.
///
/// # Identity
/// Provider `local`; the name that the model gives itself, else its folder's; as its version a
/// fingerprint of every file that was read. The folder's place is no part of it. Vectors cached
/// under one set of weights are never served for another.
///
/// # Concurrency
/// Clones are handles of one model. Work is done off the runtime's threads, a run of some two
/// thousand tokens at a time, one run at a time; calls take turns run by run, so that one text does
/// not wait for a thousand. A dropped call ends with the run at hand.
///
/// # Memory
/// The weights at 32 bits a number, once or twice while opening, and some tens of megabytes for
/// the runs.
#[derive(Clone)]
pub struct LocalModel(pub(super) Arc<Parts>);

pub(super) struct Parts {
    pub(super) identity: ModelIdentity,
    pub(super) recipe: Recipe,
    pub(super) tokenizer: TextTokenizer,
    pub(super) network: Network,
    /// One run at a time: a second would only compete for the processors.
    pub(super) turn: Arc<Semaphore>,
}

impl LocalModel {
    /// Opens the model in a folder, as [`LocalModelOptions::default`] has it.
    ///
    /// # Errors
    /// What is missing, damaged or not supported, by the file's path.
    pub async fn open(folder: impl Into<PathBuf>) -> Result<Self, OpenModelError> {
        Self::open_with(folder, LocalModelOptions::default()).await
    }

    /// Opens the model in a folder. Its files are read once, off the runtime's threads, and not
    /// needed afterwards. Only open models of a source you trust: a made-up network can ask for
    /// any amount of memory and time.
    ///
    /// # Errors
    /// What is missing, damaged or not supported, by the file's path.
    pub async fn open_with(
        folder: impl Into<PathBuf>,
        options: LocalModelOptions,
    ) -> Result<Self, OpenModelError> {
        let folder = folder.into();
        let opened = task::spawn_blocking({
            let folder = folder.clone();
            move || Parts::open(&folder, &options)
        });
        match opened.await {
            Ok(parts) => Ok(Self(Arc::new(parts?))),
            // A library that we use gave up on a file.
            Err(error) => Err(OpenModelError::damaged_by(&folder, "it cannot be loaded", error)),
        }
    }

    /// The size of its vectors.
    #[must_use]
    pub fn dimensions(&self) -> usize {
        self.0.network.dimensions()
    }

    /// Most tokens of a text that count, those that mark beginning and end included.
    #[must_use]
    pub fn max_tokens(&self) -> usize {
        self.0.tokenizer.max_tokens()
    }

    /// How the vectors of a text's tokens become one.
    #[must_use]
    pub fn pooling(&self) -> Pooling {
        self.0.recipe.pooling
    }
}

impl fmt::Debug for LocalModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalModel")
            .field("identity", &self.0.identity)
            .field("pooling", &self.pooling())
            .field("max_tokens", &self.max_tokens())
            .finish_non_exhaustive()
    }
}

impl Parts {
    fn open(path: &Path, options: &LocalModelOptions) -> Result<Self, OpenModelError> {
        let mut folder = ModelFolder::open(path)?;
        let recipe = Recipe::read(&mut folder)?;
        let config: TransformerConfig = folder.json(&recipe.file(config::FILE), config::ADVICE)?;
        let tokenizer = TextTokenizer::read(&mut folder, &recipe, &config, options.max_tokens)?;
        let source = Source::find(&folder, &recipe, &config, options.network.as_deref())?;
        let network = source.load(&mut folder, &recipe, &config, options.threads)?;
        let turns = network.threads();
        let settings = format!("{REVISION} max_tokens={}", tokenizer.max_tokens());
        let name = options.name.clone().or_else(|| own_name(&config)).or_else(|| folder.name());
        let mut identity = ModelIdentity::new("local", name.unwrap_or_else(|| UNNAMED.to_owned()))
            .with_version(folder.fingerprint(&settings));
        identity.dimensions = u32::try_from(network.dimensions()).ok();
        identity.normalized = Some(recipe.normalize);
        Ok(Self { identity, recipe, tokenizer, network, turn: Arc::new(Semaphore::new(turns)) })
    }
}

/// The name that the model was saved under, without the path on the machine where that was.
fn own_name(config: &TransformerConfig) -> Option<String> {
    let name = config.name_or_path.as_deref()?.trim_end_matches(['/', '\\']);
    let is_path = name.starts_with(['/', '.', '~']) || name.contains(['\\', ':']);
    let name = if is_path { name.rsplit(['/', '\\']).next()? } else { name };
    (!name.is_empty()).then(|| name.to_owned())
}
