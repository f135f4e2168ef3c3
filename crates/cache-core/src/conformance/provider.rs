//! The contract of [`EmbeddingProvider`].

use std::sync::Arc;

use crate::{
    EmbedOptions, EmbedResponse, Embedding, EmbeddingProvider, EmbeddingProviderExt, InputKind,
    ProviderErrorKind,
};

/// Texts of many kinds: short, long, several scripts, odd ones.
pub const TEXTS: [&str; 12] = [
    "hello",
    "Hello",
    "The quick brown fox jumps over the lazy dog.",
    "안녕하세요, 임베딩 캐시입니다!",
    "レディスのキャッシュ",
    "😀🎉",
    "e\u{301}",
    "a:b",
    "a",
    "line one\nline two\ttabbed",
    " leading and trailing ",
    "SELECT * FROM t WHERE x = 'y'; -- 1234567890",
];

/// Every check. Vectors of one text from two calls may differ by a cosine of 1e-3: services do
/// not repeat themselves to the bit.
pub async fn run(provider: Arc<dyn EmbeddingProvider>) {
    identity(&*provider).await;
    batches(&*provider).await;
    empty_batch(&*provider).await;
    empty_text(&*provider).await;
    long_text(&*provider).await;
    options(&*provider).await;
    concurrency(provider).await;
}

async fn embed(provider: &dyn EmbeddingProvider, inputs: &[&str]) -> EmbedResponse {
    provider.embed(inputs, &EmbedOptions::default()).await.expect("embedding succeeds")
}

fn all(response: EmbedResponse) -> Vec<Embedding> {
    response.embeddings.into_iter().map(|e| e.expect("every input gets its vector")).collect()
}

fn assert_alike(a: &Embedding, b: &Embedding, what: &str) {
    let similarity = a.cosine_similarity(b).expect("vectors of one model are comparable");
    assert!(similarity > 0.999, "{what}: cosine similarity {similarity}");
}

/// The identity does not change, and its dimensions are those of the vectors.
pub async fn identity(provider: &dyn EmbeddingProvider) {
    let identity = provider.identity();
    assert!(!identity.provider.is_empty() && !identity.model.is_empty());
    let vector = provider.embed_one("a text").await.expect("embedding succeeds");
    if let Some(dimensions) = identity.dimensions {
        assert_eq!(vector.dimensions(), dimensions as usize, "as many dimensions as stated");
    }
    if identity.normalized == Some(true) {
        let norm: f64 = vector.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
        assert!((norm - 1.0).abs() < 1e-3, "a normalized vector has length 1, not {norm}");
    }
    assert_eq!(provider.identity(), identity, "the identity is stable");
}

/// One vector per input, in input order, the same as one by one, repeated inputs included.
pub async fn batches(provider: &dyn EmbeddingProvider) {
    let inputs: Vec<&str> = TEXTS.into_iter().chain(["hello", "a"]).collect();
    let step = provider.limits().max_inputs.min(inputs.len()).max(1);
    let mut together = Vec::new();
    for part in inputs.chunks(step) {
        let vectors = all(embed(provider, part).await);
        assert_eq!(vectors.len(), part.len(), "one result per input");
        together.extend(vectors);
    }
    for (input, vector) in inputs.iter().zip(&together) {
        let alone = provider.embed_one(input).await.expect("embedding succeeds");
        assert_alike(&alone, vector, "a text in a batch and alone");
    }
}

/// Nothing asked, nothing given.
pub async fn empty_batch(provider: &dyn EmbeddingProvider) {
    assert!(embed(provider, &[]).await.embeddings.is_empty());
}

/// An empty text is refused, by its index.
pub async fn empty_text(provider: &dyn EmbeddingProvider) {
    let error = match provider.embed(&["fine", ""], &EmbedOptions::default()).await {
        Err(error) => error,
        Ok(response) => {
            let mut results = response.embeddings.into_iter();
            assert!(results.next().expect("two results").is_ok(), "a good input beside a bad one");
            results.next().expect("two results").expect_err("an empty text has no vector")
        }
    };
    assert_eq!(error.kind(), ProviderErrorKind::InvalidInput);
    assert_eq!(error.input(), Some(1), "the error names the input");
}

/// A long text gets a vector or a clear refusal.
pub async fn long_text(provider: &dyn EmbeddingProvider) {
    let long = "하나 two 3 ".repeat(30_000);
    match provider.embed_one(&long).await {
        Ok(_) => {}
        Err(error) => {
            let refused = [ProviderErrorKind::InputTooLong, ProviderErrorKind::InvalidInput];
            assert!(refused.contains(&error.kind()), "a long text gave {error:?}");
            assert!(!format!("{error} {error:?}").contains("하나 two"), "an error with the input");
        }
    }
}

/// Known options are obeyed or refused, never ignored in silence.
pub async fn options(provider: &dyn EmbeddingProvider) {
    for kind in [InputKind::Query, InputKind::Document] {
        let options = EmbedOptions::default().with_input_kind(kind);
        let response = provider.embed(&["a text"], &options).await.expect("input kinds are taken");
        assert_eq!(all(response).len(), 1);
    }
    let options = EmbedOptions::default().with_dimensions(32);
    if let Ok(response) = provider.embed(&["a text"], &options).await {
        assert_eq!(all(response)[0].dimensions(), 32, "other dimensions than asked for");
    }
}

/// Calls side by side do not mix.
pub async fn concurrency(provider: Arc<dyn EmbeddingProvider>) {
    let mut expected = Vec::new();
    for text in TEXTS {
        expected.push(provider.embed_one(text).await.expect("embedding succeeds"));
    }
    let expected = Arc::new(expected);
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..24 {
        let (provider, expected) = (Arc::clone(&provider), Arc::clone(&expected));
        tasks.spawn(async move {
            let at = task % TEXTS.len();
            let vector = provider.embed_one(TEXTS[at]).await.expect("embedding succeeds");
            assert_alike(&vector, &expected[at], "a text among concurrent calls");
        });
    }
    while let Some(result) = tasks.join_next().await {
        result.expect("no task fails");
    }
}
