//! RedisVL's `EmbeddingsCache`.
//!
//! An entry is a hash `{name}:{SHA-256 of "{text}:{model}" in hexadecimal}` with the fields `content` (`text` in
//! versions up to 0.8), `model_name`, `embedding` (a list of numbers in JSON), `entry_id`, `inserted_at` and perhaps
//! `metadata`. Content may be other bytes than text; its key then has another form.

use std::time::Instant;

use caching_with_redis::Span;
use caching_with_redis::redis::{ForeignKeys, ForeignScan};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc::{self, Receiver};

use super::counts::{Counts, Unfit};
use super::report::{Answer, Report};
use super::target::{Found, Target};
use super::value::{self, runs, vector};
use super::{CONCURRENCY, Took, elapsed, finish, open};
use crate::args::FromRedisvl;
use crate::context::Context;
use crate::failure::Failure;
use crate::lines;
use crate::verbs::feed;

const CONTENT: &str = "content";
/// What versions up to 0.8 call it.
const TEXT: &str = "text";
const MODEL: &str = "model_name";
const EMBEDDING: &str = "embedding";

/// Keys that the server looks at for one page: other programs may have most of them.
const LOOKED_AT: usize = 1_000;

type Key = Vec<u8>;

pub(super) async fn run(
    context: &Context,
    args: &FromRedisvl,
    ttl: Option<Span>,
) -> Result<(), Failure> {
    let (keys, target) = open(context, &args.take_over, ttl).await?;
    let prefix = format!("{}:", args.name);
    let models = args.model.clone().map_or_else(|| target.names().to_vec(), |model| vec![model]);
    let started = Instant::now();
    let mut report = Report::new(context.output, None);
    let batches = batches(keys.scan(&prefix, LOOKED_AT), args.batch.size as usize);
    let taking = Taking { keys, target, prefix, models };
    let begin = |batch| taking.clone().batch(batch);
    let ended = feed::work(batches, CONCURRENCY, &mut report, begin).await;
    let language = context.language();
    let hint = |counts: &Counts| match counts.of_other_models() {
        0 => Some(language.no_redisvl_entries(&taking.prefix)),
        _ => Some(language.only_other_models(&taking.models.join(", "))),
    };
    let (from, dry_run) = (taking.keys.location(), args.take_over.dry_run);
    let answer = |counts| Answer::new("redisvl", from, dry_run, counts, elapsed(started));
    finish(context, &taking.target, &report, ended, answer, hint).await
}

/// The keys in batches, read one ahead.
fn batches(mut scan: ForeignScan, most: usize) -> Receiver<Result<Vec<Key>, Failure>> {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        loop {
            let page = match scan.next_page().await {
                Ok(Some(page)) => page,
                Ok(None) => return,
                Err(error) => {
                    // Whoever stopped listening has ended the work already.
                    let _ = sender.send(Err(error.into())).await;
                    return;
                }
            };
            for batch in page.chunks(most) {
                if sender.send(Ok(batch.to_vec())).await.is_err() {
                    return;
                }
            }
        }
    });
    receiver
}

/// What every batch needs.
#[derive(Debug, Clone)]
struct Taking {
    keys: ForeignKeys,
    target: Target,
    prefix: String,
    /// What the model was called.
    models: Vec<String>,
}

impl Taking {
    async fn batch(self, keys: Vec<Key>) -> Took {
        let mut counts = Counts::default();
        let failure = self.take(keys, &mut counts).await.err();
        Took::of(counts, failure)
    }

    async fn take(&self, mut keys: Vec<Key>, counts: &mut Counts) -> Result<(), Failure> {
        let all = keys.len();
        keys.retain(|key| self.id(key).is_some());
        if all > keys.len() {
            counts.leave_out(Unfit::Foreign, (all - keys.len()) as u64);
        }
        let (keys, lengths) = self.readable(keys, counts).await?;
        for run in runs(&lengths) {
            self.take_run(&keys[run], counts).await?;
        }
        Ok(())
    }

    /// What stands behind the prefix, where it has the form of this cache.
    fn id<'k>(&self, key: &'k [u8]) -> Option<&'k str> {
        let id = std::str::from_utf8(key.strip_prefix(self.prefix.as_bytes())?).ok()?;
        let is_hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (id.len() == 64 && id.bytes().all(is_hexadecimal)).then_some(id)
    }

    /// Those that are worth reading, and how long they are.
    async fn readable(
        &self,
        keys: Vec<Key>,
        counts: &mut Counts,
    ) -> Result<(Vec<Key>, Vec<usize>), Failure> {
        let lengths = self.keys.field_lengths(&keys, &[CONTENT, TEXT, MODEL, EMBEDDING]).await?;
        let (mut readable, mut total) = (Vec::new(), Vec::new());
        for (key, lengths) in keys.into_iter().zip(lengths) {
            match lengths.as_deref() {
                None => counts.leave_out(Unfit::Foreign, 1),
                Some([0, 0, 0, 0]) => counts.absent += 1, // It has just expired.
                Some([_, _, 0, _] | [_, _, _, 0] | [0, 0, ..]) => {
                    counts.leave_out(Unfit::Damaged, 1);
                }
                Some(lengths) if lengths.iter().any(|length| *length > lines::LONGEST) => {
                    counts.leave_out(Unfit::TooLong, 1);
                }
                Some([.., embedding]) if *embedding > value::LONGEST => {
                    counts.leave_out(Unfit::TooLong, 1);
                }
                Some(lengths) => {
                    total.push(lengths.iter().sum());
                    readable.push(key);
                }
            }
        }
        Ok((readable, total))
    }

    async fn take_run(&self, keys: &[Key], counts: &mut Counts) -> Result<(), Failure> {
        let fields = self.keys.fields(keys, &[CONTENT, TEXT, MODEL]).await?;
        let mut entries = Vec::with_capacity(keys.len());
        for (key, fields) in keys.iter().zip(fields) {
            if let Some(text) = self.text(key, fields, counts) {
                entries.push((key.clone(), text));
            }
        }
        let texts: Vec<&str> = entries.iter().map(|(_, text)| text.as_str()).collect();
        let mut wanted = self.target.wanted(&texts).await?.into_iter();
        let before = entries.len();
        entries.retain(|_| wanted.next().unwrap_or(false));
        counts.present += (before - entries.len()) as u64;

        let (keys, texts): (Vec<Key>, Vec<String>) = entries.into_iter().unzip();
        let vectors = self.keys.fields(&keys, &[EMBEDDING]).await?;
        let lives = self.keys.lives(&keys).await?;
        let found = texts.into_iter().zip(vectors).zip(lives).map(|((text, fields), life)| {
            let json = fields.and_then(|fields| fields.into_iter().next().flatten());
            let vector = json.ok_or(Unfit::Damaged).and_then(|json| vector(&json));
            Found { text, vector, life }
        });
        self.target.take(found.collect(), counts).await
    }

    /// The text of an entry that is to be taken over.
    fn text(
        &self,
        key: &[u8],
        fields: Option<Vec<Option<Vec<u8>>>>,
        counts: &mut Counts,
    ) -> Option<String> {
        let Ok([content, text, Some(model)]) =
            <[Option<Vec<u8>>; 3]>::try_from(fields.unwrap_or_default())
        else {
            counts.absent += 1; // It was there a moment ago.
            return None;
        };
        let text = content.or(text).and_then(|text| String::from_utf8(text).ok());
        let (Some(text), Ok(model)) = (text, String::from_utf8(model)) else {
            counts.leave_out(Unfit::Mismatched, 1);
            return None;
        };
        if self.id(key) != Some(&*id_of(&text, &model)) || text.trim().is_empty() {
            counts.leave_out(Unfit::Mismatched, 1);
            return None;
        }
        if !self.models.contains(&model) {
            counts.of_other_model(&model);
            return None;
        }
        Some(text)
    }
}

/// What RedisVL makes of a text and a model.
fn id_of(text: &str, model: &str) -> String {
    let mut hasher = Sha256::new();
    for part in [text, ":", model] {
        hasher.update(part);
    }
    format!("{:x}", hasher.finalize())
}
