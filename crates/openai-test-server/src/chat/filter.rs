//! What Azure's content filter says.

use serde_json::{Value, json};

/// Of a prompt that passed.
pub(crate) fn of_prompt() -> Value {
    let mut results = results(false);
    results["jailbreak"] = json!({"filtered": false, "detected": false});
    json!([{"prompt_index": 0, "content_filter_results": results}])
}

/// Of an answer, or of a part of one.
pub(crate) fn results(filtered: bool) -> Value {
    let safe = json!({"filtered": false, "severity": "safe"});
    let violence =
        if filtered { json!({"filtered": true, "severity": "high"}) } else { safe.clone() };
    json!({"hate": safe, "self_harm": safe, "sexual": safe, "violence": violence})
}
