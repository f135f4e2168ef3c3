//! What of a request counts for its key.

use cache_core::{CanonicalJson, ChatRequest, ModelIdentity};
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

/// The canonical form of what counts.
pub(crate) fn canonical(model: &ModelIdentity, request: &ChatRequest) -> CanonicalJson {
    CanonicalJson::object(parted(model, request).0)
}

/// What is hashed for one of the answers that are kept for a request. (The canonical form says where
/// it ends: nothing can run into the number.)
pub(crate) fn input(canonical: &CanonicalJson, variant: u32) -> Vec<u8> {
    [canonical.as_bytes(), &variant.to_le_bytes()].concat()
}
