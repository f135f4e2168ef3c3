//! Faults of embeddings.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Fault;
use crate::embeddings::{EmbeddingList, Item};

impl Fault {
    /// Does its work on a reply; other faults do nothing.
    pub(crate) fn spoil(&self, list: &mut EmbeddingList) {
        let inputs = list.data.len();
        match self {
            Self::MissingIndex => last(list).index = None,
            Self::DuplicateIndex if inputs == 1 => list.data.push(list.data[0].clone()),
            Self::DuplicateIndex => last(list).index = list.data[0].index,
            Self::IndexOutOfRange => last(list).index = Some(inputs),
            Self::WrongCount => drop(list.data.pop()),
            Self::WrongDimensions => drop(last(list).embedding.values.pop()),
            Self::NotANumber => list.data[0].embedding.values[0] = f32::NAN,
            Self::NanToken => {
                list.data.iter_mut().for_each(|item| item.embedding.base64 = false);
                list.data[0].embedding.values[0] = f32::NAN;
                list.non_finite = "NaN";
            }
            Self::Infinite => {
                list.data[0].embedding.values[0] = f32::INFINITY;
                list.non_finite = "1e39";
            }
            Self::BadBase64 => texts(list, |_| "%%% not base64 %%%".to_owned()),
            Self::OddBase64Length => texts(list, |item| {
                let mut bytes = item.embedding.bytes();
                bytes.push(0);
                STANDARD.encode(bytes)
            }),
            Self::EmptyData => list.data.clear(),
            Self::NoUsage => list.usage = None,
            _ => {}
        }
    }
}

/// The item that comes last; a reply has at least one.
fn last(list: &mut EmbeddingList) -> &mut Item {
    list.data.last_mut().expect("a request has at least one input")
}

fn texts(list: &mut EmbeddingList, text: impl Fn(&Item) -> String) {
    for item in &mut list.data {
        item.embedding.text = Some(text(item));
    }
}
