//! How far a streamed answer has come, and whether it is complete.

use std::collections::BTreeMap;

use cache_core::{ErrorDetail, ProviderError, ProviderErrorKind};
use serde_json::Value;

/// What was seen of an answer: counts, no text.
#[derive(Debug, Default)]
pub(super) struct Progress {
    chunks: u64,
    characters: u64,
    /// Every choice seen, and whether it has its finish reason. Chunks about a choice may follow
    /// that: the results of Azure's asynchronous content filter do.
    choices: BTreeMap<u64, bool>,
}

impl Progress {
    /// Takes note of a chunk.
    pub(super) fn add(&mut self, chunk: &Value) {
        self.chunks += 1;
        for choice in chunk.get("choices").and_then(Value::as_array).into_iter().flatten() {
            let index = choice.get("index").and_then(Value::as_u64).unwrap_or(0);
            let reason = choice.get("finish_reason").and_then(Value::as_str);
            *self.choices.entry(index).or_default() |= reason.is_some_and(|name| !name.is_empty());
            let content = choice.get("delta").and_then(|delta| delta.get("content"));
            let characters = content.and_then(Value::as_str).unwrap_or_default().chars().count();
            self.characters += characters as u64;
        }
    }

    /// Whether every choice has its finish reason.
    pub(super) fn is_finished(&self) -> bool {
        !self.choices.is_empty() && self.choices.values().all(|finished| *finished)
    }

    /// The error that ends the answer here. `what` happened to it is said of `place`.
    pub(super) fn broken(&self, kind: ProviderErrorKind, place: &str, what: &str) -> ProviderError {
        let error = ProviderError::new(kind, format!("{place} {what}, {}", self.reached()));
        self.interrupted(error)
    }

    /// The error that the service itself put into the stream. Once a chunk has arrived its detail is
    /// that the answer broke off; its message still says the rest.
    pub(super) fn refused(&self, error: ProviderError) -> ProviderError {
        if self.chunks == 0 {
            return error;
        }
        let message = format!("{error}; this ended its answer {}", self.reached());
        let ended = self.interrupted(ProviderError::new(error.kind(), message));
        match error.retry_after() {
            Some(delay) => ended.with_retry_after(delay),
            None => ended,
        }
    }

    fn interrupted(&self, error: ProviderError) -> ProviderError {
        if self.chunks == 0 {
            return error;
        }
        let (chunks, characters) = (self.chunks, self.characters);
        error.with_detail(ErrorDetail::Interrupted { chunks, characters })
    }

    fn reached(&self) -> String {
        match self.chunks {
            0 => "before the first chunk".to_owned(),
            chunks => format!("after {chunks} chunks with {} characters", self.characters),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn after(chunks: &[Value]) -> Progress {
        let mut progress = Progress::default();
        chunks.iter().for_each(|chunk| progress.add(chunk));
        progress
    }

    fn choice(index: u64, content: &str, reason: &Value) -> Value {
        let choice = json!({
            "index": index,
            "delta": { "content": content },
            "finish_reason": reason,
        });
        json!({ "choices": [choice] })
    }

    #[test]
    fn every_choice_seen_has_to_finish() {
        let (open, stop) = (Value::Null, json!("stop"));
        let finished = |chunks: &[Value]| after(chunks).is_finished();
        assert!(!finished(&[]));
        assert!(!finished(&[json!({ "choices": [], "prompt_filter_results": [] })]));
        assert!(!finished(&[choice(0, "a", &open)]));
        assert!(!finished(&[choice(0, "a", &json!(""))]), "no reason is named");
        assert!(finished(&[choice(0, "a", &open), choice(0, "", &stop)]));
        assert!(!finished(&[choice(0, "a", &stop), choice(1, "b", &open)]));
        assert!(finished(&[choice(1, "b", &stop), choice(0, "a", &json!("length"))]));
        let offsets = json!({ "choices": [{ "index": 0, "content_filter_offsets": {} }] });
        assert!(finished(&[choice(0, "a", &stop), offsets]), "results come after the end");
    }

    #[test]
    fn errors_say_how_far_it_came() {
        let kind = ProviderErrorKind::Unreachable;
        let first = after(&[]).broken(kind, "gpt at host", "broke off");
        assert_eq!(first.to_string(), "gpt at host broke off, before the first chunk");
        assert_eq!(first.detail(), None);

        let progress = after(&[choice(0, "안녕", &Value::Null), choice(1, "hi!", &Value::Null)]);
        let later = progress.broken(kind, "gpt at host", "broke off");
        assert!(later.to_string().ends_with("after 2 chunks with 5 characters"), "{later}");
        let detail = ErrorDetail::Interrupted { chunks: 2, characters: 5 };
        assert_eq!(later.detail(), Some(&detail));
    }

    #[test]
    fn the_services_own_error_keeps_what_it_says() {
        let filtered = || {
            let categories = vec!["hate".to_owned(), "violence".to_owned()];
            ProviderError::new(ProviderErrorKind::ContentFiltered, "refused for hate, violence")
                .with_detail(ErrorDetail::ContentFilter { categories })
                .with_retry_after(Duration::from_secs(3))
        };
        let first = after(&[]).refused(filtered());
        assert!(matches!(first.detail(), Some(ErrorDetail::ContentFilter { .. })));
        let later = after(&[choice(0, "a", &Value::Null)]).refused(filtered());
        assert_eq!(later.kind(), ProviderErrorKind::ContentFiltered);
        assert_eq!(later.retry_after(), Some(Duration::from_secs(3)));
        assert!(matches!(later.detail(), Some(ErrorDetail::Interrupted { chunks: 1, .. })));
        assert!(later.to_string().contains("hate, violence"), "{later}");
    }
}
