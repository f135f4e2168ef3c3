//! The model as a provider.

use std::sync::Arc;

use async_trait::async_trait;
use cache_core::{
    BoxError, EmbedOptions, EmbedResponse, Embedding, EmbeddingProvider, ModelIdentity,
    ProviderError, ProviderErrorKind, ProviderLimits,
};
use tokio::task::{self, JoinSet};

use super::LocalModel;
use super::batch::Batch;
use super::local::Parts;
use super::pooling::normalize;
use super::tokens::TextTokenizer;

/// More in a call would only delay the first result.
const MAX_INPUTS: usize = 512;
/// One call's texts are made tokens while another's are run.
const MAX_CONCURRENCY: usize = 2;
/// Texts are tokenized in parts of about this many bytes, so that a dropped call soon stops.
const PART_BYTES: usize = 256 * 1024;

/// A text on its way: its place in the call and what became of it so far.
type Numbered<T> = (usize, T);
type Results = Vec<Option<Result<Embedding, ProviderError>>>;

#[async_trait]
impl EmbeddingProvider for LocalModel {
    fn identity(&self) -> ModelIdentity {
        self.0.identity.clone()
    }

    /// 512 texts of any length in a call, two calls at once.
    fn limits(&self) -> ProviderLimits {
        ProviderLimits::default().with_max_inputs(MAX_INPUTS).with_max_concurrency(MAX_CONCURRENCY)
    }

    /// Embeds the inputs. Texts that are longer than the model takes are cut. The tokens that it
    /// reports are those that the model was given. Other dimensions than the model's are refused.
    async fn embed(
        &self,
        inputs: &[&str],
        options: &EmbedOptions,
    ) -> Result<EmbedResponse, ProviderError> {
        self.check_dimensions(options)?;
        let prompt = self.0.recipe.prompt(options.input_kind);
        let mut results: Results = inputs.iter().map(|_| None).collect();
        let mut texts = Vec::with_capacity(inputs.len());
        for (index, text) in inputs.iter().enumerate() {
            if text.is_empty() {
                results[index] = Some(Err(refused("the text is empty", index)));
            } else {
                texts.push((index, TextTokenizer::prepare(prompt, text)));
            }
        }
        let tokenized = self.tokenize(texts, &mut results).await?;
        let tokens = tokenized.iter().map(|(_, tokens)| tokens.len() as u64).sum();
        self.run_all(Batch::plan(tokenized), &mut results).await?;
        let embeddings = results.into_iter().map(|result| result.unwrap_or_else(|| Err(lost())));
        Ok(EmbedResponse::partial(embeddings.collect()).with_tokens(tokens))
    }
}

impl LocalModel {
    fn check_dimensions(&self, options: &EmbedOptions) -> Result<(), ProviderError> {
        match options.dimensions {
            Some(asked) if asked as usize != self.dimensions() => Err(ProviderError::new(
                ProviderErrorKind::WrongModel,
                format!("the model has {} dimensions, {asked} were asked for", self.dimensions()),
            )),
            _ => Ok(()),
        }
    }

    async fn tokenize(
        &self,
        mut texts: Vec<Numbered<String>>,
        results: &mut Results,
    ) -> Result<Vec<Numbered<Vec<u32>>>, ProviderError> {
        let mut tokenized = Vec::with_capacity(texts.len());
        while !texts.is_empty() {
            let part: Vec<Numbered<String>> = texts.drain(..part_length(&texts)).collect();
            let parts = Arc::clone(&self.0);
            let encode = move || -> Vec<Numbered<Result<Vec<u32>, BoxError>>> {
                part.iter().map(|(index, text)| (*index, parts.tokenizer.encode(text))).collect()
            };
            for (index, tokens) in
                task::spawn_blocking(encode).await.map_err(ProviderError::failed)?
            {
                match tokens {
                    Ok(tokens) => tokenized.push((index, tokens)),
                    // The tokenizer's message may quote the text.
                    Err(_) => {
                        results[index] = Some(Err(refused(
                            "the model's tokenizer does not take the text",
                            index,
                        )));
                    }
                }
            }
        }
        Ok(tokenized)
    }

    /// Runs as many batches at once as there are threads. No more of them wait for their turn, so
    /// that other calls get theirs.
    async fn run_all(
        &self,
        batches: Vec<Batch>,
        results: &mut Results,
    ) -> Result<(), ProviderError> {
        let mut waiting = batches.into_iter();
        let mut running = JoinSet::new();
        loop {
            while running.len() < self.0.network.threads() {
                let Some(batch) = waiting.next() else { break };
                running.spawn(Self::run(Arc::clone(&self.0), batch));
            }
            let Some(finished) = running.join_next().await else { return Ok(()) };
            for (index, result) in finished.map_err(ProviderError::failed)?? {
                results[index] = Some(result);
            }
        }
    }

    /// Runs one batch when it is its turn. The turn goes with the work, not with the caller, which
    /// may be dropped meanwhile.
    async fn run(
        parts: Arc<Parts>,
        batch: Batch,
    ) -> Result<Vec<Numbered<Result<Embedding, ProviderError>>>, ProviderError> {
        let turn = Arc::clone(&parts.turn).acquire_owned().await.map_err(ProviderError::failed)?;
        let run = move || {
            let result = parts.embed(&batch);
            drop(turn);
            result
        };
        task::spawn_blocking(run)
            .await
            .map_err(ProviderError::failed)?
            .map_err(ProviderError::failed)
    }
}

impl Parts {
    fn embed(
        &self,
        batch: &Batch,
    ) -> Result<Vec<Numbered<Result<Embedding, ProviderError>>>, BoxError> {
        let pooled = self.network.embed(batch, self.recipe.pooling)?;
        let places = batch.texts.iter().map(|(index, _)| *index);
        let sound = |index: usize, mut values: Vec<f32>| {
            if self.recipe.normalize {
                normalize(&mut values);
            }
            Embedding::new(values).map_err(|error| ProviderError::failed(error).with_input(index))
        };
        Ok(places.zip(pooled).map(|(index, values)| (index, sound(index, values))).collect())
    }
}

fn refused(what: &str, index: usize) -> ProviderError {
    ProviderError::new(ProviderErrorKind::InvalidInput, what).with_input(index)
}

/// Should the network give fewer vectors than it was given texts.
fn lost() -> ProviderError {
    ProviderError::new(ProviderErrorKind::BadReply, "the model gave no vector for the text")
}

/// How many of the texts make up a part, at least one.
fn part_length(texts: &[Numbered<String>]) -> usize {
    let mut total = 0;
    let fits = texts.iter().take_while(|(_, text)| {
        total += text.len();
        total <= PART_BYTES
    });
    fits.count().max(1)
}
