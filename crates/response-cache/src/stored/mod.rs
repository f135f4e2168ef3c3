//! Answers as they are kept: in memory, and as bytes.

mod reader;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cache_core::codec::text;
use cache_core::{CacheKey, ChatChunk, ChatResponse, StoredValue, TokenUsage};
use serde::Serialize;

use self::reader::ReadForm;
use crate::group::Id;
use crate::{assemble, split, usage};

/// The version of [`Entry`]. Entries of another are misses.
const SCHEMA: u16 = 1;

/// An entry's longest body that is read: more than any sensible policy stores.
const LONGEST: usize = 64 << 20;

/// An answer with what is known of it. Cloning copies a pointer.
#[derive(Debug, Clone)]
pub(crate) struct Kept(pub(crate) Arc<KeptAnswer>);

#[derive(Debug)]
pub(crate) struct KeptAnswer {
    pub(crate) form: Form,
    pub(crate) meta: Meta,
    /// Whether the provider was asked for the usage.
    pub(crate) usage_asked: bool,
}

/// What is stored beside an answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Meta {
    pub(crate) created_at_ms: u64,
    pub(crate) compute_time: Duration,
    /// How long it is fresh; `None` for as long as the store has it.
    pub(crate) fresh_for: Option<Duration>,
    /// The model that answered, as it says itself.
    pub(crate) model: Option<String>,
    pub(crate) usage: Option<TokenUsage>,
    /// The identifiers of the groups that every entry of its scope belongs to.
    pub(crate) generations: Vec<Id>,
    pub(crate) tags: Vec<(String, Id)>,
}

/// As the service gave it.
#[derive(Debug)]
pub(crate) enum Form {
    Whole(ChatResponse),
    Chunks(Vec<Timed>),
}

/// A chunk and the time since the one before it.
#[derive(Debug, Clone)]
pub(crate) struct Timed {
    pub(crate) chunk: ChatChunk,
    pub(crate) gap: Duration,
}

impl Kept {
    pub(crate) fn new(form: Form, meta: Meta, usage_asked: bool) -> Self {
        Self(Arc::new(KeptAnswer { form, meta, usage_asked }))
    }

    /// The whole answer, copied only where others have it too.
    pub(crate) fn into_whole(self) -> ChatResponse {
        match Arc::try_unwrap(self.0) {
            Ok(KeptAnswer { form: Form::Whole(answer), .. }) => answer,
            Ok(kept) => kept.form.whole(),
            Err(shared) => shared.form.whole(),
        }
    }
}

impl Form {
    /// The model that answered.
    pub(crate) fn model(&self) -> Option<&str> {
        match self {
            Self::Whole(answer) => answer.model(),
            Self::Chunks(chunks) => chunks.iter().find_map(|timed| timed.chunk.model()),
        }
    }

    pub(crate) fn whole(&self) -> ChatResponse {
        match self {
            Self::Whole(answer) => answer.clone(),
            Self::Chunks(chunks) => ChatResponse::from_json(assembled(chunks)),
        }
    }

    /// The chunks as a caller sees them who asked for the usage, or not.
    pub(crate) fn chunks(&self, include_usage: bool) -> Vec<Timed> {
        match self {
            Self::Whole(answer) => {
                let timed = |body| Timed { chunk: ChatChunk::from_json(body), gap: Duration::ZERO };
                split(answer.body(), include_usage).into_iter().map(timed).collect()
            }
            Self::Chunks(chunks) if include_usage => chunks.clone(),
            Self::Chunks(chunks) => {
                let seen = |timed: &Timed| {
                    let chunk = usage::without(timed.chunk.clone())?;
                    Some(Timed { chunk, gap: timed.gap })
                };
                chunks.iter().filter_map(seen).collect()
            }
        }
    }
}

fn assembled(chunks: &[Timed]) -> serde_json::Value {
    assemble(chunks.iter().map(|timed| timed.chunk.body()))
}

/// The stored form, in MessagePack, as [`reader`] reads it. The answer itself is JSON text: it comes
/// back as it was, the order of its members included.
#[derive(Serialize)]
struct Entry<'a> {
    schema: u16,
    created_at_ms: u64,
    compute_micros: u64,
    fresh_for_ms: Option<u64>,
    model: Option<&'a str>,
    usage: Option<Usage>,
    usage_asked: bool,
    generations: &'a [Id],
    tags: &'a [(String, Id)],
    form: EntryForm,
}

/// How many [`Entry`] has.
const FIELDS: u32 = 10;

#[derive(Serialize)]
struct Usage {
    prompt: u64,
    cached_prompt: u64,
    completion: u64,
}

#[derive(Serialize)]
enum EntryForm {
    Whole(String),
    Chunks { texts: Vec<String>, gaps_micros: Vec<u64> },
}

/// The name of a form in the entry.
const WHOLE: &str = "Whole";

/// Why an answer was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unstorable {
    TooLong,
    /// It would not be read: it is nested too deeply.
    Broken,
}

/// The value to store under `key`, and its length before compression.
pub(crate) fn encode(
    key: &CacheKey,
    kept: &Kept,
    max_bytes: usize,
) -> Result<(StoredValue, usize), Unstorable> {
    let answer = &*kept.0;
    let form = encode_form(&answer.form).map_err(|_| Unstorable::Broken)?;
    let entry = Entry {
        schema: SCHEMA,
        created_at_ms: answer.meta.created_at_ms,
        compute_micros: micros(answer.meta.compute_time),
        fresh_for_ms: answer.meta.fresh_for.map(millis),
        model: answer.meta.model.as_deref(),
        usage: answer.meta.usage.map(Usage::of),
        usage_asked: answer.usage_asked,
        generations: &answer.meta.generations,
        tags: &answer.meta.tags,
        form,
    };
    let body = rmp_serde::to_vec(&entry).map_err(|_| Unstorable::Broken)?;
    if body.len() > max_bytes.min(LONGEST) {
        return Err(Unstorable::TooLong);
    }
    let frame = text::pack(key.hash(), &body).map_err(|_| Unstorable::TooLong)?;
    let length = body.len();
    // The parsed form takes a small multiple of its text.
    let value = StoredValue::new(frame).with_decoded(Arc::new(kept.clone()), 3 * length);
    Ok((value, length))
}

fn encode_form(form: &Form) -> Result<EntryForm, serde_json::Error> {
    Ok(match form {
        Form::Whole(answer) => {
            let text = serde_json::to_string(answer.body())?;
            // Who reads it takes it on trust. What a program has made may be nested too deeply.
            serde_json::from_str::<serde_json::Value>(&text)?;
            EntryForm::Whole(text)
        }
        Form::Chunks(chunks) => {
            let text = |timed: &Timed| serde_json::to_string(timed.chunk.body());
            let texts = chunks.iter().map(text).collect::<Result<_, _>>()?;
            EntryForm::Chunks { texts, gaps_micros: chunks.iter().map(|c| micros(c.gap)).collect() }
        }
    })
}

/// The answer stored under `key`; `None` when the value does not verify.
pub(crate) fn decode(key: &CacheKey, value: &StoredValue) -> Option<Kept> {
    if let Some(kept) = value.decoded::<Kept>() {
        return Some(kept.clone());
    }
    match read(key, value.bytes()) {
        Ok(kept) => Some(kept),
        Err(reason) => {
            tracing::warn!(%key, reason, "a stored answer did not verify and was ignored");
            None
        }
    }
}

fn read(key: &CacheKey, bytes: &Bytes) -> Result<Kept, &'static str> {
    let body = text::unpack(key.hash(), bytes, LONGEST).map_err(|error| error.as_str())?;
    let body = match body {
        Cow::Borrowed(body) => bytes.slice_ref(body),
        Cow::Owned(body) => body.into(),
    };
    let reader::Read { meta, usage_asked, form } = reader::read(&body)?;
    let form = read_form(&body, form).ok_or("not_json")?;
    Ok(Kept::new(form, meta, usage_asked))
}

/// A whole answer is not parsed: the checksum vouches for what was parsed when it was written.
fn read_form(body: &Bytes, form: ReadForm<'_>) -> Option<Form> {
    match form {
        ReadForm::Whole(text) => {
            Some(Form::Whole(ChatResponse::from_json_text(body.slice_ref(text.as_bytes()))))
        }
        ReadForm::Chunks { texts, gaps_micros } if texts.len() == gaps_micros.len() => {
            let timed = |(text, gap): (&&str, &u64)| {
                let chunk = serde_json::from_str(text).ok().map(ChatChunk::from_json)?;
                Some(Timed { chunk, gap: Duration::from_micros(*gap) })
            };
            texts.iter().zip(&gaps_micros).map(timed).collect::<Option<_>>().map(Form::Chunks)
        }
        ReadForm::Chunks { .. } => None,
    }
}

impl Usage {
    fn of(tokens: TokenUsage) -> Self {
        let TokenUsage { prompt, cached_prompt, completion, .. } = tokens;
        Self { prompt, cached_prompt, completion }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use cache_core::{KeyKind, KeySpace, Namespace};
    use serde_json::{Value, json};

    use super::*;

    fn key() -> CacheKey {
        CacheKey::new(KeySpace::new(Namespace::default(), KeyKind::Response, 0), [7; 32])
    }

    fn stored(body: Value) -> Result<StoredValue, Unstorable> {
        let kept = Kept::new(Form::Whole(ChatResponse::from_json(body)), Meta::default(), true);
        // As a remote store gives it: without the decoded form.
        encode(&key(), &kept, LONGEST).map(|(value, _)| StoredValue::new(value.bytes().clone()))
    }

    #[test]
    fn an_answer_comes_back_compressed_or_not() {
        let noise: String =
            (0..40).map(|i: u32| format!("{:x}", i.wrapping_mul(0x9e37_79b9))).collect();
        for text in ["", "하나", &noise, &"one two three ".repeat(200)] {
            let body = json!({ "z": 1, "content": text, "a": [0.1, 1e300, null] });
            let kept = decode(&key(), &stored(body.clone()).unwrap()).unwrap();
            let given = kept.into_whole().into_body();
            assert_eq!(given.to_string(), body.to_string());
        }
    }

    fn chunk(text: &str, gap: u64) -> Timed {
        let chunk = ChatChunk::from_json(json!({ "choices": [{ "delta": { "content": text } }] }));
        Timed { chunk, gap: Duration::from_micros(gap) }
    }

    #[test]
    fn everything_that_is_known_of_an_answer_comes_back() {
        let mut usage = TokenUsage::default();
        (usage.prompt, usage.cached_prompt, usage.completion) = (1, 0, u64::MAX);
        let full = Meta {
            created_at_ms: 1_763_000_000_000,
            compute_time: Duration::from_micros(70_000),
            fresh_for: Some(Duration::from_millis(1)),
            model: Some("모델".into()),
            usage: Some(usage),
            generations: vec![0, 1, Id::MAX],
            tags: vec![(String::new(), 7), ("t".repeat(300), Id::MAX - 1)],
        };
        for meta in [full, Meta::default()] {
            for (usage_asked, count) in [(true, 0), (false, 1), (true, 2_000)] {
                let chunks = (0..count).map(|i| chunk("하나", i * 1_000)).collect();
                let kept = Kept::new(Form::Chunks(chunks), meta.clone(), usage_asked);
                let (value, _) = encode(&key(), &kept, LONGEST).unwrap();
                let read = decode(&key(), &StoredValue::new(value.bytes().clone())).unwrap();
                assert_eq!(format!("{read:?}"), format!("{kept:?}"));
            }
        }
    }

    #[test]
    fn what_would_not_be_read_is_not_stored() {
        let nested = |depth| (0..depth).fold(json!(1), |value, _| json!([value]));
        assert!(decode(&key(), &stored(nested(100)).unwrap()).is_some());
        assert_eq!(stored(nested(200)).unwrap_err(), Unstorable::Broken);
    }
}
