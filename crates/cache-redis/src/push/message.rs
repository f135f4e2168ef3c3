//! Reading what the server says unasked.

use redis::{PushInfo, PushKind, Value};

/// What a message means to those who keep what they have read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Message {
    /// These keys have changed.
    Keys(Vec<Vec<u8>>),
    /// Everything may have: somebody flushed, or the message is not understood.
    Everything,
    /// The connection is gone.
    Lost,
    /// Nothing that concerns keys.
    Other,
}

pub(crate) fn read(PushInfo { kind, data }: PushInfo) -> Message {
    match kind {
        PushKind::Disconnection => Message::Lost,
        PushKind::Invalidate => keys(data).map_or(Message::Everything, Message::Keys),
        _ => Message::Other,
    }
}

fn keys(data: Vec<Value>) -> Option<Vec<Vec<u8>>> {
    let mut parts = data.into_iter();
    let (Some(Value::Array(keys)), None) = (parts.next(), parts.next()) else { return None };
    let key = |key| match key {
        Value::BulkString(key) => Some(key),
        _ => None,
    };
    keys.into_iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invalidate(data: Vec<Value>) -> Message {
        read(PushInfo { kind: PushKind::Invalidate, data })
    }

    #[test]
    fn keys_are_named_and_what_is_not_understood_means_everything() {
        let key = |name: &str| Value::BulkString(name.as_bytes().to_vec());
        let named = invalidate(vec![Value::Array(vec![key("a"), key("b")])]);
        assert_eq!(named, Message::Keys(vec![b"a".to_vec(), b"b".to_vec()]));
        assert_eq!(invalidate(vec![Value::Nil]), Message::Everything, "FLUSHALL");
        assert_eq!(invalidate(vec![]), Message::Everything);
        assert_eq!(invalidate(vec![Value::Array(vec![Value::Int(1)])]), Message::Everything);
        assert_eq!(invalidate(vec![Value::Array(vec![]), Value::Nil]), Message::Everything);
    }

    #[test]
    fn the_end_of_a_connection_is_told() {
        let lost = PushInfo { kind: PushKind::Disconnection, data: vec![] };
        assert_eq!(read(lost), Message::Lost);
        let other = PushInfo { kind: PushKind::Message, data: vec![Value::Nil] };
        assert_eq!(read(other), Message::Other);
    }
}
