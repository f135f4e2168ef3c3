//! LangChain's `CacheBackedEmbeddings` over a `RedisStore`.
//!
//! An entry is a string `{prefix}{hash of the text}` that holds a list of numbers in JSON. The text is not kept,
//! so that the texts must be given: each is hashed as LangChain does, and looked for.

use std::collections::HashSet;
use std::time::Instant;

use blake2::Blake2b512;
use caching_with_redis::Span;
use caching_with_redis::redis::ForeignKeys;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::counts::{Counts, Unfit};
use super::report::{Answer, Report};
use super::target::{Found, Target};
use super::value::{self, runs, vector};
use super::{CONCURRENCY, Took, elapsed, finish, open};
use crate::args::{FromLangchain, KeyEncoder};
use crate::context::Context;
use crate::failure::Failure;
use crate::verbs::feed::{Batch, Input, Limits, Texts};

/// All of them, those that cannot collide first.
const ENCODERS: [KeyEncoder; 4] =
    [KeyEncoder::Sha256, KeyEncoder::Blake2b, KeyEncoder::Sha512, KeyEncoder::Sha1];

pub(super) async fn run(
    context: &Context,
    args: &FromLangchain,
    ttl: Option<Span>,
) -> Result<(), Failure> {
    let input = Input::open(context, &args.feed.source)?;
    let (keys, target) = open(context, &args.take_over, ttl).await?;
    let encoders = match args.key_encoder {
        KeyEncoder::Auto => ENCODERS.to_vec(),
        encoder => vec![encoder],
    };
    let started = Instant::now();
    let mut report = Report::new(context.output, input.bytes());
    let taking = Taking { keys, target, prefix: args.prefix.clone(), encoders };
    let texts = Texts::new(args.feed.format, &args.feed.source);
    let limits = Limits { lines: args.feed.batch.size, batches: CONCURRENCY };
    let begin = |batch| taking.clone().batch(batch);
    let ended = input.work(context, texts, limits, &mut report, begin).await;
    let hint = |counts: &Counts| {
        let asked = counts.entries() > 0;
        asked.then(|| context.language().no_langchain_entries(&taking.prefix))
    };
    let (from, dry_run) = (taking.keys.location(), args.take_over.dry_run);
    let answer = |counts| Answer::new("langchain", from, dry_run, counts, elapsed(started));
    finish(context, &taking.target, &report, ended, answer, hint).await
}

/// What every batch needs.
#[derive(Debug, Clone)]
struct Taking {
    keys: ForeignKeys,
    target: Target,
    prefix: String,
    encoders: Vec<KeyEncoder>,
}

impl Taking {
    async fn batch(self, batch: Batch<String>) -> Took {
        let mut counts = Counts::default();
        let mut seen = HashSet::with_capacity(batch.items.len());
        let texts = batch.items.into_iter().map(|numbered| numbered.item);
        let (texts, repeated): (Vec<_>, Vec<_>) = texts.partition(|text| seen.insert(text.clone()));
        counts.repeated = repeated.len() as u64;
        let failure = self.take(texts, &mut counts).await.err();
        Took { counts, refused: batch.refused, bytes: batch.bytes, failure }
    }

    async fn take(&self, mut texts: Vec<String>, counts: &mut Counts) -> Result<(), Failure> {
        let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
        let mut wanted = self.target.wanted(&borrowed).await?.into_iter();
        let before = texts.len();
        texts.retain(|_| wanted.next().unwrap_or(false));
        counts.present += (before - texts.len()) as u64;

        let (entries, lengths) = self.find(texts, counts).await?;
        let (keys, texts): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
        let mut texts = texts.into_iter();
        for run in runs(&lengths) {
            let keys = &keys[run];
            let (values, lives) = (self.keys.values(keys).await?, self.keys.lives(keys).await?);
            let found = values.into_iter().zip(lives).zip(texts.by_ref());
            let found = found.map(|((json, life), text)| {
                let vector = json.ok_or(Unfit::Damaged).and_then(|json| vector(&json));
                Found { text, vector, life }
            });
            self.target.take(found.collect(), counts).await?;
        }
        Ok(())
    }

    /// The keys of those texts that the old cache has, and how long their vectors are.
    async fn find(
        &self,
        texts: Vec<String>,
        counts: &mut Counts,
    ) -> Result<(Vec<(Vec<u8>, String)>, Vec<usize>), Failure> {
        let of_text = |text: &String| {
            let key = |encoder: &KeyEncoder| format!("{}{}", self.prefix, hash(*encoder, text));
            self.encoders.iter().map(key).map(String::into_bytes).collect::<Vec<_>>()
        };
        let keys: Vec<Vec<u8>> = texts.iter().flat_map(of_text).collect();
        let lengths = self.keys.lengths(&keys).await?;
        let (mut entries, mut found) = (Vec::new(), Vec::new());
        let each = self.encoders.len();
        let candidates = keys.chunks(each).zip(lengths.chunks(each));
        for (text, (keys, lengths)) in texts.into_iter().zip(candidates) {
            let there = lengths.iter().position(|length| length.is_some_and(|length| length > 0));
            match there.and_then(|place| Some((&keys[place], lengths[place]?))) {
                Some((_, length)) if length > value::LONGEST => {
                    counts.leave_out(Unfit::TooLong, 1);
                }
                Some((key, length)) => {
                    entries.push((key.clone(), text));
                    found.push(length);
                }
                None if lengths.contains(&None) => counts.leave_out(Unfit::Foreign, 1),
                None => counts.absent += 1,
            }
        }
        Ok((entries, found))
    }
}

/// What LangChain makes of a text.
fn hash(encoder: KeyEncoder, text: &str) -> String {
    match encoder {
        KeyEncoder::Sha1 => uuid_of_sha1(text),
        KeyEncoder::Blake2b => format!("{:x}", Blake2b512::digest(text)),
        KeyEncoder::Sha512 => format!("{:x}", Sha512::digest(text)),
        KeyEncoder::Auto | KeyEncoder::Sha256 => format!("{:x}", Sha256::digest(text)),
    }
}

/// A version 5 UUID of the text's SHA-1 in hexadecimal, within the namespace 1985.
fn uuid_of_sha1(text: &str) -> String {
    let mut hasher = Sha1::new();
    hasher.update(1985_u128.to_be_bytes());
    hasher.update(format!("{:x}", Sha1::digest(text)));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hasher.finalize()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x50;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = format!("{:032x}", u128::from_be_bytes(bytes));
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Python's hashlib and uuid give them.
    #[test]
    fn texts_are_hashed_as_langchain_does() {
        let text = "What is machine learning?";
        assert_eq!(hash(KeyEncoder::Sha1, text), "1ae23e5e-416a-5baf-a6c0-ae976de76348");
        let sha256 = "aa133a3d7df94efab836631af71c77abd104c60f86af9fd395c0d63a1b7f691a";
        assert_eq!(hash(KeyEncoder::Sha256, text), sha256);
        assert!(
            hash(KeyEncoder::Blake2b, text).starts_with("4114fdf6405945bb49dcc81101846433f4a5")
        );
        assert!(hash(KeyEncoder::Sha512, text).starts_with("feba244048a93482b557418ebaafc688a385"));
    }
}
