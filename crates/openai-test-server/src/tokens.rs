//! How many tokens something is taken for.

/// The tokens of a text: one for every four bytes, at least one. An estimate, as the service's own
/// limiter uses, not a tokenizer's count.
pub(crate) fn of_text(text: &str) -> usize {
    text.len().div_ceil(4).max(1)
}
