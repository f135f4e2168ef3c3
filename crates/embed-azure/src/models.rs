//! What is known of OpenAI's embedding models.

/// A model of which we are sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KnownModel {
    /// Dimensions of its vectors when none are asked for.
    pub(crate) dimensions: u32,
    /// Most tokens in one input.
    pub(crate) max_tokens: usize,
}

/// Looks a model up by its exact name. All of these scale their vectors to unit length and count
/// tokens by `cl100k_base`.
pub(crate) fn known(model: &str) -> Option<KnownModel> {
    let dimensions = match model {
        "text-embedding-3-small" | "text-embedding-ada-002" => 1536,
        "text-embedding-3-large" => 3072,
        _ => return None,
    };
    Some(KnownModel { dimensions, max_tokens: 8192 })
}
