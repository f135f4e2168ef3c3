//! The two forms in which a server replies.

use std::str::FromStr;

use cache_core::{CacheError, ErrorKind};
use redis::{ProtocolVersion, Value};

/// The version of the protocol that connections speak. Both say the same; what a server tells unasked
/// ([`NearBackend`](crate::NearBackend)) comes over connections of its own, in version 3.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// What every server speaks.
    #[default]
    Resp2,
    /// Since Redis 6: for what stands in between and wants it.
    Resp3,
}

impl FromStr for Protocol {
    type Err = CacheError;

    /// `2` or `resp2`, `3` or `resp3`.
    fn from_str(text: &str) -> Result<Self, CacheError> {
        match text {
            "2" | "resp2" => Ok(Self::Resp2),
            "3" | "resp3" => Ok(Self::Resp3),
            _ => Err(CacheError::new(ErrorKind::InvalidInput, "protocol is resp2 or resp3")),
        }
    }
}

impl Protocol {
    /// As the client library calls it.
    pub(crate) fn version(self) -> ProtocolVersion {
        match self {
            Self::Resp2 => ProtocolVersion::RESP2,
            Self::Resp3 => ProtocolVersion::RESP3,
        }
    }

    /// As `HELLO` takes it.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Resp2 => 2,
            Self::Resp3 => 3,
        }
    }

    /// A reply in the form of version 2, which all else here reads.
    pub(crate) fn plain(self, reply: Value) -> Value {
        match self {
            Self::Resp2 => reply,
            Self::Resp3 => plain(reply),
        }
    }
}

/// Maps are names and values one after the other, and what is no whole number is text.
fn plain(reply: Value) -> Value {
    match reply {
        Value::Array(items) | Value::Set(items) => {
            Value::Array(items.into_iter().map(plain).collect())
        }
        Value::Map(pairs) => {
            let flat = pairs.into_iter().flat_map(|(name, value)| [name, value]);
            Value::Array(flat.map(plain).collect())
        }
        Value::Attribute { data, .. } => plain(*data),
        Value::Double(number) => Value::BulkString(number.to_string().into_bytes()),
        Value::Boolean(yes) => Value::Int(yes.into()),
        Value::VerbatimString { text, .. } => Value::BulkString(text.into_bytes()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    #[test]
    fn replies_of_version_3_are_read_as_those_of_version_2() {
        let reply = Value::Map(vec![
            (text("score"), Value::Double(0.5)),
            (text("there"), Value::Boolean(true)),
            (text("set"), Value::Set(vec![Value::Double(3.0), Value::Nil])),
        ]);
        let expected = [
            text("score"),
            text("0.5"),
            text("there"),
            Value::Int(1),
            text("set"),
            Value::Array(vec![text("3"), Value::Nil]),
        ];
        assert_eq!(Protocol::Resp3.plain(reply.clone()), Value::Array(expected.to_vec()));
        assert_eq!(Protocol::Resp2.plain(reply.clone()), reply);
    }

    #[test]
    fn protocols_are_read_by_name_and_by_number() {
        for (text, protocol) in [("2", Protocol::Resp2), ("resp3", Protocol::Resp3)] {
            assert_eq!(text.parse::<Protocol>().unwrap(), protocol);
        }
        assert!("4".parse::<Protocol>().unwrap_err().to_string().contains("resp3"));
    }
}
