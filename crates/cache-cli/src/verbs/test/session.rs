//! A conversation that is written and read back.

use std::time::{Duration, Instant};

use caching_with_redis::ChatResponse;
use caching_with_redis::core::Ttl;
use caching_with_redis::session::{ChatMessage, NewMessage, SessionStore};
use serde::Serialize;

use crate::failure::Failure;
use crate::figures;
use crate::language::Language;

/// So long the conversation can be looked at.
const LIFE: Duration = Duration::from_secs(3_600);

#[derive(Debug, Serialize)]
pub(super) struct Answer {
    id: String,
    owner: String,
    messages: u64,
    tokens: u64,
    /// Whether what was read is what was written.
    same: bool,
    write_micros: u64,
    read_micros: u64,
    #[serde(skip)]
    times: [Duration; 2],
}

/// Writes the question and, if there is one, its answer.
pub(super) async fn converse(
    store: &SessionStore,
    owner: &str,
    question: &str,
    answer: Option<&ChatResponse>,
) -> Result<Answer, Failure> {
    let session = store.create(owner);
    let answer = answer.and_then(|answer| ChatMessage::from_response(answer).ok());
    let messages = [ChatMessage::user(question)].into_iter().chain(answer);
    let written: Vec<NewMessage> = messages.map(NewMessage::from).collect();
    let started = Instant::now();
    let appended = session.append_all(written.clone()).await?;
    let write = started.elapsed();
    let started = Instant::now();
    let read = session.last(written.len() + 1).await?;
    let times = [write, started.elapsed()];
    session.touch(Ttl::new(LIFE).unwrap_or(Ttl::FOREVER)).await?;
    let same = read.len() == written.len()
        && read.iter().zip(&written).all(|(r, w)| r.id == w.id() && r.chat == *w.chat());
    Ok(Answer {
        id: session.id().to_owned(),
        owner: owner.to_owned(),
        messages: appended.len,
        tokens: appended.tokens,
        same,
        write_micros: figures::micros(times[0]),
        read_micros: figures::micros(times[1]),
        times,
    })
}

impl Answer {
    /// What people are shown of it.
    pub(super) fn rows(&self, language: Language) -> Vec<(String, String)> {
        let [write, read] = self.times.map(figures::span);
        let (messages, tokens) = (figures::count(self.messages), figures::count(self.tokens));
        vec![
            (language.label_session(), self.id.clone()),
            (language.label_written(), language.messages_and_tokens_in(&messages, &tokens, &write)),
            (
                language.label_read_back(),
                match self.same {
                    true => language.read_the_same(&read),
                    false => language.read_another(&read),
                },
            ),
        ]
    }
}
