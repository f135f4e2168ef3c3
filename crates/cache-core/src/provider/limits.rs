//! Splitting a batch by what a provider takes.

use std::ops::Range;

/// How much one call of a provider may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProviderLimits {
    /// Most inputs in one call.
    pub max_inputs: usize,
    /// Most tokens in one call, as the provider [counts](crate::EmbeddingProvider::count_tokens) them.
    pub max_tokens: usize,
    /// Most calls under way at once for one batch.
    pub max_concurrency: usize,
}

impl Default for ProviderLimits {
    /// Any number of inputs and tokens, four calls at once.
    fn default() -> Self {
        Self { max_inputs: usize::MAX, max_tokens: usize::MAX, max_concurrency: 4 }
    }
}

impl ProviderLimits {
    /// Sets the most inputs in one call; zero counts as one.
    #[must_use]
    pub fn with_max_inputs(mut self, inputs: usize) -> Self {
        self.max_inputs = inputs.max(1);
        self
    }

    /// Sets the most tokens in one call.
    #[must_use]
    pub fn with_max_tokens(mut self, tokens: usize) -> Self {
        self.max_tokens = tokens;
        self
    }

    /// Sets the most calls under way at once; zero counts as one.
    #[must_use]
    pub fn with_max_concurrency(mut self, calls: usize) -> Self {
        self.max_concurrency = calls.max(1);
        self
    }
}

/// A run of inputs that go into one call.
pub type Part = Range<usize>;

/// An upper guess of a text's tokens without a tokenizer: a token for every three bytes, or for
/// every character outside ASCII, whichever is more.
///
/// OpenAI's `cl100k_base` takes about four characters of English and about one syllable of Korean
/// a token, so that the guess errs towards smaller calls, never towards refused ones.
#[must_use]
pub fn estimate_tokens(text: &str) -> usize {
    let wide = text.bytes().filter(|b| b & 0b1100_0000 == 0b1100_0000).count();
    let narrow = text.bytes().filter(u8::is_ascii).count();
    (wide + narrow.div_ceil(3)).max(1)
}

/// Splits inputs, in order, into calls within the limits. An input that alone is over the token
/// limit gets a call of its own: whether it is too long is the provider's to say. `count` gives a
/// text's tokens; it is not called when there is no token limit.
#[must_use]
pub fn split_by_limits(
    inputs: &[&str],
    limits: &ProviderLimits,
    count: impl Fn(&str) -> usize,
) -> Vec<Part> {
    let mut parts = Vec::new();
    let (mut start, mut tokens) = (0, 0usize);
    for (index, input) in inputs.iter().enumerate() {
        let more = if limits.max_tokens == usize::MAX { 0 } else { count(input) };
        let full = index - start >= limits.max_inputs.max(1)
            || (index > start && tokens.saturating_add(more) > limits.max_tokens);
        if full {
            parts.push(start..index);
            (start, tokens) = (index, 0);
        }
        tokens = tokens.saturating_add(more);
    }
    if start < inputs.len() {
        parts.push(start..inputs.len());
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_by_inputs_and_by_tokens() {
        let texts = ["aaaaaa"; 10]; // two tokens each
        let by_inputs = ProviderLimits::default().with_max_inputs(4);
        assert_eq!(split_by_limits(&texts, &by_inputs, estimate_tokens), vec![0..4, 4..8, 8..10]);
        let by_tokens = ProviderLimits::default().with_max_tokens(6);
        assert_eq!(
            split_by_limits(&texts, &by_tokens, estimate_tokens),
            vec![0..3, 3..6, 6..9, 9..10]
        );
        assert_eq!(
            split_by_limits(&texts, &ProviderLimits::default(), estimate_tokens),
            vec![0..10]
        );
        assert!(split_by_limits(&[], &by_inputs, estimate_tokens).is_empty());
    }

    #[test]
    fn an_oversized_input_goes_alone() {
        let long = "x".repeat(300);
        let texts = ["a", &long, "b", "c"];
        let limits = ProviderLimits::default().with_max_tokens(10);
        assert_eq!(split_by_limits(&texts, &limits, estimate_tokens), vec![0..1, 1..2, 2..4]);
    }

    #[test]
    fn korean_counts_by_syllable() {
        assert_eq!(estimate_tokens("안녕하세요"), 5);
        assert_eq!(estimate_tokens(""), 1);
        assert_eq!(estimate_tokens("hello world"), 4);
    }
}
