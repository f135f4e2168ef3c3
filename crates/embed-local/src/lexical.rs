//! The lexical model as a provider.

use std::error::Error;
use std::fmt;
use std::thread;

use async_trait::async_trait;
use cache_core::{
    EmbedOptions, EmbedResponse, Embedding, EmbeddingProvider, ModelIdentity, ProviderError,
    ProviderErrorKind, ProviderLimits,
};
use tokio::task;

use crate::vector;

/// Changes with the algorithm: vectors of another version are of another model.
const VERSION: &str = "1";
const DEFAULT_DIMENSIONS: u32 = 384;
const FEWEST_DIMENSIONS: u32 = 16;
const MOST_DIMENSIONS: u32 = 4096;
/// Texts up to this many bytes together are embedded on the spot, in a fraction of a millisecond.
const INLINE_BYTES: usize = 4 * 1024;
/// Others go in parts of about this many bytes to threads that may block.
const PART_BYTES: usize = 256 * 1024;

/// A *lexical* embedding: texts that share words and spellings come close. It understands no
/// meaning: "car" and "automobile" are strangers to it, "not good" is near "good".
///
/// Deterministic, in the process, free of charge and of downloads: for first steps, tests and
/// offline work.
///
/// # Dimensions
/// 384 by default, 16 to 4096. More of them mean fewer chance likenesses. A call may ask for others
/// ([`EmbedOptions::dimensions`]); those out of range are refused with
/// [`ProviderErrorKind::WrongModel`].
///
/// # Texts without words
/// White space or punctuation alone gives a vector that is near to no other; the empty text is
/// refused.
///
/// # Stability
/// The same text has the same vector on every machine. The model's version is raised with every
/// change of the algorithm. Which characters are letters, and their lower case, is for Rust's
/// standard library to say: characters new to Unicode may become letters with a newer compiler.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use cache_core::EmbeddingProviderExt;
/// use embed_local::Lexical;
///
/// let lexical = Lexical::default();
/// let cats = lexical.embed_one("cats chase mice").await?;
/// let cat = lexical.embed_one("the cat chased a mouse").await?;
/// let tax = lexical.embed_one("quarterly tax report").await?;
/// assert!(cats.cosine_similarity(&cat) > cats.cosine_similarity(&tax));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lexical {
    dimensions: u32,
}

impl Lexical {
    /// A model of this many dimensions.
    ///
    /// # Errors
    /// When they are fewer than 16 or more than 4096.
    pub fn new(dimensions: u32) -> Result<Self, InvalidDimensions> {
        match dimensions {
            FEWEST_DIMENSIONS..=MOST_DIMENSIONS => Ok(Self { dimensions }),
            _ => Err(InvalidDimensions(dimensions)),
        }
    }

    /// The dimensions of its vectors.
    #[must_use]
    pub fn dimensions(&self) -> u32 {
        self.dimensions
    }

    fn at(dimensions: u32) -> Result<Self, ProviderError> {
        Self::new(dimensions).map_err(|error| {
            ProviderError::new(ProviderErrorKind::WrongModel, error.to_string()).with_source(error)
        })
    }

    /// The vector and the words of one text.
    fn embed_text(self, index: usize, text: &str) -> Embedded {
        if text.is_empty() {
            let error = ProviderError::new(ProviderErrorKind::InvalidInput, "the text is empty");
            return (Err(error.with_input(index)), 0);
        }
        let (values, words) = vector::embed(text, self.dimensions as usize);
        let embedding = Embedding::new(values).map_err(ProviderError::failed);
        (embedding.map_err(|error| error.with_input(index)), words)
    }
}

type Embedded = (Result<Embedding, ProviderError>, u64);

impl Default for Lexical {
    /// A model of 384 dimensions.
    fn default() -> Self {
        Self { dimensions: DEFAULT_DIMENSIONS }
    }
}

#[async_trait]
impl EmbeddingProvider for Lexical {
    fn identity(&self) -> ModelIdentity {
        let mut identity = ModelIdentity::new("lexical", format!("lexical-{}", self.dimensions))
            .with_dimensions(self.dimensions)
            .with_version(VERSION);
        identity.normalized = Some(true);
        identity
    }

    /// Any text; 1000 of them in a call, so that a dropped call soon stops; a call per processor.
    fn limits(&self) -> ProviderLimits {
        ProviderLimits::default()
            .with_max_inputs(1000)
            .with_max_concurrency(thread::available_parallelism().map_or(1, usize::from))
    }

    /// Embeds the inputs. What they are for makes no difference. The tokens it reports are the
    /// words it found.
    async fn embed(
        &self,
        inputs: &[&str],
        options: &EmbedOptions,
    ) -> Result<EmbedResponse, ProviderError> {
        let model = options.dimensions.map_or(Ok(*self), Self::at)?;
        let numbered = inputs.iter().copied().enumerate();
        let results: Vec<Embedded> = if bytes(inputs) <= INLINE_BYTES {
            numbered.map(|(index, text)| model.embed_text(index, text)).collect()
        } else {
            embed_in_parts(model, numbered.collect()).await?
        };
        let words = results.iter().map(|(_, words)| words).sum();
        let embeddings = results.into_iter().map(|(embedding, _)| embedding).collect();
        Ok(EmbedResponse::partial(embeddings).with_tokens(words))
    }
}

fn bytes(texts: &[&str]) -> usize {
    texts.iter().map(|text| text.len()).sum()
}

/// Embeds off the runtime's threads, part by part: when the call is dropped, the part at hand is
/// the last.
async fn embed_in_parts(
    model: Lexical,
    mut inputs: Vec<(usize, &str)>,
) -> Result<Vec<Embedded>, ProviderError> {
    let mut results = Vec::with_capacity(inputs.len());
    while !inputs.is_empty() {
        let part: Vec<(usize, String)> = inputs
            .drain(..part_length(&inputs))
            .map(|(index, text)| (index, text.to_owned()))
            .collect();
        let embed = move || -> Vec<Embedded> {
            part.iter().map(|(index, text)| model.embed_text(*index, text)).collect()
        };
        results.extend(task::spawn_blocking(embed).await.map_err(ProviderError::failed)?);
    }
    Ok(results)
}

/// How many of the inputs make up a part, at least one.
fn part_length(inputs: &[(usize, &str)]) -> usize {
    let mut total = 0;
    let fits = inputs.iter().take_while(|(_, text)| {
        total += text.len();
        total <= PART_BYTES
    });
    fits.count().max(1)
}

/// The lexical model has no vectors of so many dimensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidDimensions(u32);

impl fmt::Display for InvalidDimensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the lexical model has {FEWEST_DIMENSIONS} to {MOST_DIMENSIONS} dimensions, {} were \
             asked for",
            self.0
        )
    }
}

impl Error for InvalidDimensions {}
