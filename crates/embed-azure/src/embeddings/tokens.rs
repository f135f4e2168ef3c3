//! Counting tokens.

/// No token of `cl100k_base` stands for more bytes than this.
const LONGEST_TOKEN: usize = 128;

/// A text's tokens: exact with the feature `tokenizer`, an upper guess without it.
pub(super) fn count(text: &str) -> usize {
    exact::count(text).unwrap_or_else(|| cache_core::estimate_tokens(text))
}

/// Each text's tokens, counted off the runtime's threads where that takes time.
pub(super) async fn count_all(texts: &[&str]) -> Vec<usize> {
    match exact::count_all(texts).await {
        Some(counts) => counts,
        None => texts.iter().map(|text| count(text)).collect(),
    }
}

/// A number of tokens that the text surely has at least.
pub(super) fn at_least(text: &str, counted: usize) -> usize {
    if exact::counts(text) { counted } else { text.len().div_ceil(LONGEST_TOKEN) }
}

#[cfg(not(feature = "tokenizer"))]
mod exact {
    pub(super) fn counts(_: &str) -> bool {
        false
    }

    pub(super) fn count(_: &str) -> Option<usize> {
        None
    }

    pub(super) async fn count_all(_: &[&str]) -> Option<Vec<usize>> {
        None
    }
}

#[cfg(feature = "tokenizer")]
mod exact {
    use tiktoken_rs::cl100k_base_singleton;

    /// Longer texts are too long for every model anyhow, and counting them could take for ever.
    const LONGEST: usize = 1 << 20;
    /// So much is counted in well under a millisecond.
    const SMALL: usize = 2 << 10;

    pub(super) fn counts(text: &str) -> bool {
        text.len() <= LONGEST
    }

    pub(super) fn count(text: &str) -> Option<usize> {
        counts(text).then(|| cl100k_base_singleton().encode_ordinary(text).len())
    }

    /// The vocabulary takes a while to load: the first count is never made here.
    pub(super) async fn count_all(texts: &[&str]) -> Option<Vec<usize>> {
        use std::sync::atomic::{AtomicBool, Ordering};
        static LOADED: AtomicBool = AtomicBool::new(false);
        let size: usize = texts.iter().map(|text| text.len()).sum();
        if size <= SMALL && LOADED.load(Ordering::Relaxed) {
            return None;
        }
        let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
        let counting = tokio::task::spawn_blocking(move || {
            let counts = texts.iter().map(|text| super::count(text)).collect();
            LOADED.store(true, Ordering::Relaxed);
            counts
        });
        counting.await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lower_bound_is_never_above_the_count() {
        for text in ["a", "안녕하세요", &" ".repeat(5000), &"a b ".repeat(3000)] {
            assert!(at_least(text, count(text)) <= count(text));
        }
        assert!(at_least(&"x".repeat(128 * 8192 + 1), 0) > 8192);
    }

    #[cfg(feature = "tokenizer")]
    #[tokio::test]
    async fn counts_are_exact() {
        assert_eq!(count("hello world"), 2);
        assert_eq!(count_all(&["hello world", "tiktoken is great!"]).await, [2, 6]);
        assert_eq!(count_all(&["hello world"]).await, [2]);
    }
}
