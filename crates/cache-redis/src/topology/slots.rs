//! Slots of a cluster: which key is in which, and what a cluster says of them.

use std::sync::Arc;

use redis::Value;

use super::nodes::{NOBODY, Owners};
use crate::address::Endpoint;

/// How many there are.
pub(crate) const SLOTS: usize = 16_384;

/// The slot of a key: of its hash tag, which is what stands between the first `{` and the next `}`
/// unless that is nothing, or else of the whole.
pub(crate) fn of(key: &[u8]) -> u16 {
    let tag = key.iter().position(|&byte| byte == b'{').and_then(|open| {
        let rest = &key[open + 1..];
        let close = rest.iter().position(|&byte| byte == b'}')?;
        (close > 0).then(|| &rest[..close])
    });
    crc16(tag.unwrap_or(key)) % 16_384
}

/// CRC-16/XMODEM, a byte at a time.
fn crc16(bytes: &[u8]) -> u16 {
    const TABLE: [u16; 256] = table();
    bytes.iter().fold(0, |crc: u16, &byte| {
        let index = (crc >> 8) as u8 ^ byte;
        (crc << 8) ^ TABLE[usize::from(index)]
    })
}

const fn table() -> [u16; 256] {
    let mut table = [0; 256];
    let mut index = 0u16;
    while index < 256 {
        let mut crc = index << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
            bit += 1;
        }
        table[index as usize] = crc;
        index += 1;
    }
    table
}

/// A primary, its replicas, and for each slot the index of its primary.
pub(super) struct SlotMap {
    pub(super) groups: Vec<(Endpoint, Vec<Endpoint>)>,
    pub(super) owners: Arc<Owners>,
}

/// Reads the answer to `CLUSTER SLOTS`, given by the node at `by`. A map without a single slot is
/// none.
pub(super) fn read(reply: Value, by: &Endpoint) -> Option<SlotMap> {
    let Value::Array(ranges) = reply else {
        return None;
    };
    let mut groups: Vec<(Endpoint, Vec<Endpoint>)> = Vec::new();
    let mut owners = Box::new([NOBODY; SLOTS]);
    for range in ranges {
        let Value::Array(parts) = range else {
            return None;
        };
        let [Value::Int(first), Value::Int(last), primary, replicas @ ..] = &parts[..] else {
            return None;
        };
        let (first, last) = (usize::try_from(*first).ok()?, usize::try_from(*last).ok()?);
        if first > last {
            return None;
        }
        let primary = node(primary, by)?;
        let index = match groups.iter().position(|(known, _)| *known == primary) {
            Some(index) => index,
            None => {
                // A replica without a usable address serves nobody.
                let replicas = replicas.iter().filter_map(|replica| node(replica, by));
                groups.push((primary, replicas.collect()));
                groups.len() - 1
            }
        };
        owners.get_mut(first..=last)?.fill(u16::try_from(index).ok()?);
    }
    (!groups.is_empty()).then(|| SlotMap { groups, owners: Arc::from(owners) })
}

fn node(value: &Value, by: &Endpoint) -> Option<Endpoint> {
    let Value::Array(parts) = value else {
        return None;
    };
    let (host, port) = match &parts[..] {
        [Value::BulkString(host), Value::Int(port), ..] => (std::str::from_utf8(host).ok()?, port),
        [Value::Nil, Value::Int(port), ..] => ("", port),
        _ => return None,
    };
    Endpoint::of_announced(host, u16::try_from(*port).ok()?, by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_slots_that_the_specification_gives_them() {
        assert_eq!(crc16(b"123456789"), 0x31C3);
        assert_eq!(of(b"foo"), 12_182);
        assert_eq!(of(b"{user1000}.following"), of(b"user1000"));
        assert_eq!(of(b"foo{}{bar}"), crc16(b"foo{}{bar}") % 16_384);
        assert_eq!(of(b"foo{{bar}}zap"), of(b"{bar"));
        assert_eq!(of(b"foo{bar}{zap}"), of(b"bar"));
        assert_eq!(of(b"foo{bar"), crc16(b"foo{bar") % 16_384);
    }

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    fn entry(host: Value, port: i64) -> Value {
        Value::Array(vec![host, Value::Int(port), bulk("id"), Value::Array(Vec::new())])
    }

    #[test]
    fn a_map_is_read_as_servers_write_it() {
        let by = Endpoint::Tcp("seed".to_owned(), 1);
        let range = |first, last, nodes: Vec<Value>| {
            Value::Array([vec![Value::Int(first), Value::Int(last)], nodes].concat())
        };
        let reply = Value::Array(vec![
            range(0, 99, vec![entry(bulk("a"), 7), entry(bulk("b"), 7)]),
            range(100, 100, vec![entry(Value::Nil, 8)]),
            range(200, 16_383, vec![entry(bulk("a"), 7), entry(bulk("b"), 7)]),
        ]);
        let map = read(reply, &by).unwrap();
        let tcp = |host: &str, port| Endpoint::Tcp(host.to_owned(), port);
        let expected = [(tcp("a", 7), vec![tcp("b", 7)]), (tcp("seed", 8), Vec::new())];
        assert_eq!(map.groups, expected);
        let owners = [99, 100, 101, 199, 200, 16_383].map(|slot: usize| map.owners[slot]);
        assert_eq!(owners, [0, 1, NOBODY, NOBODY, 0, 0]);
    }

    #[test]
    fn what_is_no_map_is_none() {
        let by = Endpoint::Tcp("seed".to_owned(), 1);
        let outside = vec![Value::Int(0), Value::Int(16_384), entry(bulk("a"), 7)];
        let reversed = vec![Value::Int(9), Value::Int(8), entry(bulk("a"), 7)];
        for wrong in [
            Value::Nil,
            Value::Array(Vec::new()),
            Value::Array(vec![Value::Nil]),
            Value::Array(vec![Value::Array(outside)]),
            Value::Array(vec![Value::Array(vec![Value::Int(0), Value::Int(1)])]),
            Value::Array(vec![Value::Array(vec![
                Value::Int(0),
                Value::Int(1),
                entry(bulk("a"), 0),
            ])]),
        ] {
            assert!(read(wrong, &by).is_none());
        }
        assert!(read(Value::Array(vec![Value::Array(reversed)]), &by).is_none());
    }
}
