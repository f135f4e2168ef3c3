//! Where missing vectors come from.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use cache_core::{
    BoxError, Embedding, EmbeddingProvider, Part, ProviderError, ProviderErrorKind, split_by_limits,
};
use futures_util::StreamExt;

use super::{Call, Core};

/// A caller's own computation, to be used once.
pub(crate) type Once<'a> = Box<dyn FnOnce(Vec<String>) -> OnceFuture<'a> + Send + 'a>;
type OnceFuture<'a> = Pin<Box<dyn Future<Output = Result<Vec<Vec<f32>>, BoxError>> + Send + 'a>>;

/// Where a call's missing vectors come from.
pub(crate) enum Compute<'a> {
    /// As often as needed, within the provider's limits.
    Provider(Arc<dyn EmbeddingProvider>),
    /// One call for all texts.
    Once(Once<'a>),
}

impl fmt::Debug for Compute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Provider(provider) => f.debug_tuple("Provider").field(provider).finish(),
            Self::Once(_) => f.write_str("Once"),
        }
    }
}

/// A vector as it was computed, with its share of what the computation took.
pub(super) struct Fresh {
    pub(super) embedding: Embedding,
    pub(super) compute_time: Duration,
    pub(super) tokens: u16,
}

/// One result per text, in order; or the error of all.
pub(super) type Vectors = Result<Vec<Result<Fresh, ProviderError>>, ProviderError>;

impl Core {
    /// Asks the provider for these texts, which are within its limits. Gives the model that answered,
    /// when the reply says so.
    pub(super) async fn ask_provider(
        self: &Arc<Self>,
        provider: &dyn EmbeddingProvider,
        call: &Call,
        expected: &Expected,
        texts: &[&str],
    ) -> (Option<String>, Vectors) {
        let start = Instant::now();
        let mut response = provider.embed(texts, &call.embed).await;
        let time = start.elapsed();
        let tokens = response.as_ref().ok().and_then(|r| r.tokens).unwrap_or(0);
        let model = response.as_mut().ok().and_then(|response| response.model.take());
        let checked = response.and_then(|response| {
            self.check_model(call, model.as_deref())?;
            check(response.embeddings, texts.len(), expected)
        });
        let spent = tokens.saturating_mul(self.price_of_reply(call, provider, model.as_deref()));
        self.recorder.provider_call(texts.len(), tokens, spent, time, checked.is_err());
        let count = |text: &str| provider.count_tokens(text);
        (model, checked.map(|vectors| shares(vectors, texts, time, tokens, count)))
    }

    /// What the reply's tokens cost each: by the model that it names, which may not be known before.
    fn price_of_reply(
        &self,
        call: &Call,
        provider: &dyn EmbeddingProvider,
        model: Option<&str>,
    ) -> u64 {
        model.map_or(call.token_price, |model| {
            let mut identity = provider.identity();
            identity.version = Some(model.to_owned());
            self.token_price(&identity)
        })
    }

    /// Runs a caller's own computation.
    pub(super) async fn run_once(
        &self,
        once: Once<'_>,
        expected: &Expected,
        texts: Vec<String>,
    ) -> Vectors {
        let (start, count) = (Instant::now(), texts.len());
        let vectors = once(texts).await;
        let time = start.elapsed();
        let checked = vectors.map_err(ProviderError::failed).and_then(|vectors| {
            let sound = vectors.into_iter().enumerate().map(|(i, v)| {
                Embedding::new(v).map_err(|error| {
                    let message = "the computed vector cannot be used";
                    ProviderError::new(ProviderErrorKind::BadReply, message)
                        .with_input(i)
                        .with_source(error)
                })
            });
            check(sound.collect(), count, expected)
        });
        self.recorder.provider_call(count, 0, 0, time, checked.is_err());
        Ok(shares(checked?, &[], time, 0, |_| 0))
    }

    /// Computes without store and flight. Gives the parts that were computed at a time, in order.
    pub(super) async fn bypass(
        self: &Arc<Self>,
        call: &Call,
        compute: Compute<'_>,
        texts: &[&str],
    ) -> Vec<(Part, Vectors)> {
        let expected = Expected::new(call.dimensions);
        match compute {
            Compute::Once(once) => {
                let owned = texts.iter().map(|text| (*text).to_owned()).collect();
                vec![(0..texts.len(), self.run_once(once, &expected, owned).await)]
            }
            Compute::Provider(provider) => {
                let limits = provider.limits();
                let (provider, expected) = (&*provider, &expected);
                let parts = split_by_limits(texts, &limits, |text| provider.count_tokens(text));
                let asked = parts.into_iter().map(|part| async move {
                    let inputs = &texts[part.clone()];
                    (part, self.ask_provider(provider, call, expected, inputs).await.1)
                });
                futures_util::stream::iter(asked).buffered(limits.max_concurrency).collect().await
            }
        }
    }
}

/// The dimensions that the vectors of one call must have: what its model or its hits say, else
/// those of the first vector that is computed.
#[derive(Debug)]
pub(super) struct Expected(OnceLock<usize>);

impl Expected {
    pub(super) fn new(dimensions: Option<usize>) -> Self {
        Self(dimensions.map_or_else(OnceLock::new, OnceLock::from))
    }

    /// The first of these vectors that has other dimensions, and which it should have.
    fn breach<'v>(
        &self,
        mut vectors: impl Iterator<Item = &'v Embedding>,
    ) -> Option<(usize, usize)> {
        vectors.find_map(|vector| {
            let got = vector.dimensions();
            let expected = *self.0.get_or_init(|| got);
            (got != expected).then_some((got, expected))
        })
    }
}

/// A reply of the wrong size is no reply: which vector belongs to which text is anybody's guess.
fn check(
    results: Vec<Result<Embedding, ProviderError>>,
    texts: usize,
    expected: &Expected,
) -> Result<Vec<Result<Embedding, ProviderError>>, ProviderError> {
    if results.len() != texts {
        return Err(ProviderError::new(
            ProviderErrorKind::BadReply,
            format!("got {} vectors for {texts} texts; nothing was stored", results.len()),
        ));
    }
    match expected.breach(results.iter().flatten()) {
        Some((got, expected)) => Err(ProviderError::new(
            ProviderErrorKind::BadReply,
            format!(
                "got a vector of {got} dimensions where {expected} were expected; nothing was stored"
            ),
        )),
        None => Ok(results),
    }
}

/// Gives each vector its share of the call's time, and of its tokens (if any) by what `count` says.
fn shares(
    results: Vec<Result<Embedding, ProviderError>>,
    texts: &[&str],
    time: Duration,
    tokens: u64,
    count: impl Fn(&str) -> usize,
) -> Vec<Result<Fresh, ProviderError>> {
    let vectors = u32::try_from(results.len()).unwrap_or(u32::MAX).max(1);
    let estimates: Vec<u64> = match tokens {
        0 => vec![],
        _ if texts.len() == 1 => vec![1], // All of them: nothing to count.
        _ => texts.iter().map(|text| count(text) as u64).collect(),
    };
    let sum = estimates.iter().sum::<u64>().max(1);
    let (mut counted, mut given) = (0, 0);
    let shares = estimates.iter().chain(std::iter::repeat(&0)).map(move |estimate| {
        // What is rounded off one share goes into the next: together they are all tokens.
        counted += estimate;
        let before = std::mem::replace(&mut given, tokens.saturating_mul(counted) / sum);
        u16::try_from(given - before).unwrap_or(u16::MAX)
    });
    let fresh = |(result, tokens): (Result<Embedding, ProviderError>, u16)| {
        result.map(|embedding| Fresh { embedding, compute_time: time / vectors, tokens })
    };
    results.into_iter().zip(shares).map(fresh).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(dimensions: usize) -> Result<Embedding, ProviderError> {
        Ok(Embedding::new(vec![1.0; dimensions]).unwrap())
    }

    #[test]
    fn a_reply_of_the_wrong_shape_is_an_error() {
        let any = || Expected::new(None);
        assert!(check(vec![vector(3), vector(3)], 2, &any()).is_ok());
        assert!(check(vec![vector(3)], 2, &any()).is_err());
        assert!(check(vec![vector(3), vector(4)], 2, &any()).is_err());
        let four = Expected::new(Some(4));
        assert!(check(vec![vector(3)], 1, &four).is_err());
        assert!(check(vec![], 0, &four).is_ok());
        let mixed = vec![Err(ProviderError::new(ProviderErrorKind::InvalidInput, "no")), vector(3)];
        assert!(check(mixed, 2, &Expected::new(Some(3))).is_ok());
    }

    #[test]
    fn the_first_part_sets_the_dimensions_of_the_others() {
        let expected = Expected::new(None);
        assert!(check(vec![vector(3)], 1, &expected).is_ok());
        assert!(check(vec![vector(4)], 1, &expected).is_err());
        assert!(check(vec![vector(3)], 1, &expected).is_ok());
    }

    #[test]
    fn tokens_are_shared_by_length() {
        let fresh = shares(
            vec![vector(1), vector(1)],
            &["abc", "abcdefghi"],
            Duration::from_millis(10),
            400,
            cache_core::estimate_tokens,
        );
        let parts: Vec<_> =
            fresh.iter().map(|f| f.as_ref().map(|f| (f.tokens, f.compute_time)).unwrap()).collect();
        let five = Duration::from_millis(5);
        assert_eq!(parts, [(100, five), (300, five)]);

        let texts = ["one", "two", "three"];
        let results = texts.iter().map(|_| vector(1)).collect();
        let fresh = shares(results, &texts, Duration::ZERO, 7, |_| 1);
        let parts: Vec<_> = fresh.iter().map(|f| f.as_ref().map(|f| f.tokens).unwrap()).collect();
        assert_eq!(parts, [2, 2, 3], "no token is lost");
    }
}
