//! JSON that is parsed when somebody looks at it.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde_json::Value;

/// A JSON value, or a text that becomes one on the first look. Clones share it.
#[derive(Clone)]
pub(super) struct LazyJson(Arc<Shared>);

struct Shared {
    value: OnceLock<Value>,
    /// Of no interest once there is a value.
    text: Bytes,
}

impl LazyJson {
    pub(super) fn of(value: Value) -> Self {
        Self(Arc::new(Shared { value: value.into(), text: Bytes::new() }))
    }

    pub(super) fn of_text(text: Bytes) -> Self {
        Self(Arc::new(Shared { value: OnceLock::new(), text }))
    }

    pub(super) fn get(&self) -> &Value {
        self.0.value.get_or_init(|| parse(&self.0.text))
    }

    pub(super) fn into_value(self) -> Value {
        match Arc::try_unwrap(self.0) {
            Ok(Shared { value, text }) => value.into_inner().unwrap_or_else(|| parse(&text)),
            Err(shared) => Self(shared).get().clone(),
        }
    }
}

impl PartialEq for LazyJson {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.get() == other.get()
    }
}

fn parse(text: &[u8]) -> Value {
    serde_json::from_slice(text).unwrap_or(Value::Null)
}
