//! What of a request counts for its key.

use cache_core::{CacheKey, CanonicalJson, ChatRequest, KeyProfile, ModelIdentity};
use serde_json::Value;

/// Parameters that do not change the answer.
const IGNORED: [&str; 7] = [
    "user",
    "metadata",
    "store",
    "safety_identifier",
    "user_security_context",
    "stream",
    "stream_options",
];

/// … and those of the service's own prompt cache.
const IGNORED_PREFIX: &str = "prompt_cache_";

/// Whether the parameter may change the answer of this model. Everything may that is not known not
/// to; null is as good as absent; naming the model that answers anyway changes nothing.
pub(crate) fn counts(model: &ModelIdentity, name: &str, value: &Value) -> bool {
    let own_name = || {
        let named = value.as_str();
        named == Some(&model.model) || (named.is_some() && named == model.deployment.as_deref())
    };
    let ignored = IGNORED.contains(&name)
        || name.starts_with(IGNORED_PREFIX)
        || (name == "model" && own_name());
    !ignored && !value.is_null()
}

/// The parameters that count, and those that do not.
pub(crate) fn parted<'r>(
    model: &ModelIdentity,
    request: &'r ChatRequest,
) -> (Vec<(&'r str, &'r Value)>, Vec<&'r str>) {
    let (mut counting, mut ignored) = (Vec::new(), Vec::new());
    for (name, value) in request.body() {
        if counts(model, name, value) {
            counting.push((name.as_str(), value));
        } else {
            ignored.push(name.as_str());
        }
    }
    (counting, ignored)
}

/// The keys of the first `variants` answers that are kept for a request. What is hashed is the
/// canonical form of what counts, which says where it ends, and the number of the answer.
pub(crate) fn keys(
    profile: &KeyProfile,
    model: &ModelIdentity,
    request: &ChatRequest,
    variants: u32,
) -> Vec<CacheKey> {
    let counting = request.body().iter().filter(|(name, value)| counts(model, name, value));
    let counting = counting.map(|(name, value)| (name.as_str(), value));
    let mut input = CanonicalJson::object(counting).into_bytes();
    let end = input.len();
    let mut key = |variant: u32| {
        input.truncate(end);
        input.extend_from_slice(&variant.to_le_bytes());
        profile.key_of_bytes(&input)
    };
    (0..variants).map(&mut key).collect()
}

/// The key of the first answer that is kept for a request.
pub(crate) fn key(profile: &KeyProfile, model: &ModelIdentity, request: &ChatRequest) -> CacheKey {
    keys(profile, model, request, 1).swap_remove(0)
}
