//! What a sealed value belongs to: it opens there and nowhere else.

use cache_core::{CacheKey, LogGroup, LogKey};

use crate::frame::Header;

/// The place of a value, which is authenticated with it but not stored in it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Binding<'a> {
    /// The value of a key: bound to namespace, kind, generation and hash.
    Value(&'a CacheKey),
    /// The payload of a record of a log: bound to the log's group, since forks share records, and to
    /// what else the record says of itself.
    Record {
        /// The log.
        log: &'a LogKey,
        /// The record's id.
        id: &'a str,
        /// Its weight.
        weight: u32,
        /// Whether it is pinned.
        pinned: bool,
    },
    /// The attributes of a log: bound to its group, since a group's logs are listed without their
    /// names.
    Attributes(&'a LogGroup),
}

impl Binding<'_> {
    /// The associated data: the header, a tag of the kind of place, and the place. What has no fixed
    /// length comes last or after its length, so that no two places look alike.
    pub(crate) fn associated_data(&self, header: &Header) -> Vec<u8> {
        let mut data = Vec::with_capacity(256);
        data.extend_from_slice(header);
        match self {
            Self::Value(key) => {
                data.push(1);
                key.write_to(&mut data);
            }
            Self::Record { log, id, weight, pinned } => {
                data.push(2);
                group(&mut data, log.group());
                data.extend_from_slice(&weight.to_le_bytes());
                data.push(u8::from(*pinned));
                data.extend_from_slice(id.as_bytes());
            }
            Self::Attributes(of) => {
                data.push(3);
                group(&mut data, of);
            }
        }
        data
    }
}

fn group(data: &mut Vec<u8>, group: &LogGroup) {
    data.extend_from_slice(group.hash());
    let namespace = group.namespace().as_str();
    data.extend_from_slice(&(namespace.len() as u64).to_le_bytes());
    data.extend_from_slice(namespace.as_bytes());
}
