//! What one caller asks for, and whether the answers are right.

use std::collections::BTreeSet;
use std::sync::Arc;

use cache_benches::load::{Random, Zipf};
use cache_core::Embedding;
use embedding_cache::EmbeddingCache;
use futures_util::StreamExt;
use response_cache::{CallOptions, ResponseCache, Source};
use session_store::{ChatMessage, Message, Session, SessionStore};

use crate::provider::{answer, request, text, tokens, vector};
use crate::setup::{LONGEST_SESSION, Setup};
use crate::tally::{Tally, add};

const LARGEST_BATCH: u32 = 32;
const WINDOW_TOKENS: u64 = 200;
/// Conversations of each caller.
const SESSIONS: u32 = 8;

pub struct Caller {
    pub tally: Arc<Tally>,
    embeddings: EmbeddingCache,
    responses: ResponseCache,
    store: SessionStore,
    sessions: Vec<Talk>,
    zipf: Arc<Zipf>,
    random: Random,
}

/// A conversation of which only one caller knows.
struct Talk {
    session: Session,
    /// What was said, in numbers from 0.
    said: u64,
}

impl Talk {
    fn new(store: &SessionStore) -> Self {
        Self { session: store.create("load"), said: 0 }
    }
}

impl Caller {
    pub fn new(setup: &Setup, number: u64) -> Self {
        let store = setup.sessions.clone();
        Self {
            sessions: (0..SESSIONS).map(|_| Talk::new(&store)).collect(),
            store,
            tally: Arc::clone(&setup.tally),
            embeddings: setup.embeddings.clone(),
            responses: setup.responses.clone(),
            zipf: Arc::clone(&setup.zipf),
            random: Random::new(number + 1),
        }
    }

    /// One call of any kind; says which.
    pub async fn ask(&mut self) -> &'static str {
        let text = text(self.zipf.draw(&mut self.random));
        match self.random.below(20) {
            0..8 => self.embed(&text).await,
            8..11 => self.embed_batch().await,
            11..14 => self.complete(&text).await,
            14..16 => self.stream(&text).await,
            16..18 => self.append(&text).await,
            _ => self.window().await,
        }
    }

    async fn embed(&self, text: &str) -> &'static str {
        add(&self.tally.texts, 1);
        match self.embeddings.provider().unwrap().look_up(text).await {
            Ok(lookup) => {
                add(&self.tally.text_hits, lookup.is_hit().into());
                self.check(is(&lookup.embedding, text), "a vector");
            }
            Err(error) => self.failed("embed", &error),
        }
        "embed"
    }

    async fn embed_batch(&mut self) -> &'static str {
        let count = 1 + self.random.below(LARGEST_BATCH);
        let texts: Vec<_> = (0..count).map(|_| text(self.zipf.draw(&mut self.random))).collect();
        // A text that is there twice is looked up once.
        let distinct: BTreeSet<&String> = texts.iter().collect();
        add(&self.tally.texts, distinct.len() as u64);
        match self.embeddings.provider().unwrap().embed_each(&texts).await {
            Ok(results) => {
                self.check(results.len() == texts.len(), "the number of vectors");
                let mut hits = BTreeSet::new();
                for (result, text) in results.into_iter().zip(&texts) {
                    match result {
                        Ok(lookup) => {
                            self.check(is(&lookup.embedding, text), "a vector of a batch");
                            if lookup.is_hit() {
                                hits.insert(text);
                            }
                        }
                        Err(error) => self.failed("embed a batch", &error),
                    }
                }
                add(&self.tally.text_hits, hits.len() as u64);
            }
            Err(error) => self.failed("embed a batch", &error),
        }
        "batch"
    }

    async fn complete(&self, question: &str) -> &'static str {
        add(&self.tally.chats, 1);
        match self.responses.complete_with(&request(question), &CallOptions::new()).await {
            Ok(told) => {
                let said = answer(question);
                self.check(told.response.content() == Some(said.as_str()), "an answer");
                self.count_chat(told.source, question, &said);
            }
            Err(error) => self.failed("complete", &error),
        }
        "complete"
    }

    async fn stream(&mut self, question: &str) -> &'static str {
        add(&self.tally.chats, 1);
        // Some go away before the end.
        let patience = if self.random.below(16) == 0 { 2 } else { usize::MAX };
        match self.responses.stream_with(&request(question), &CallOptions::new()).await {
            Ok(mut told) => {
                let said = answer(question);
                self.count_chat(told.source, question, &said);
                let (mut heard, mut chunks) = (String::new(), 0);
                while chunks < patience
                    && let Some(chunk) = told.chunks.next().await
                {
                    match chunk {
                        Ok(chunk) => heard.push_str(chunk.content().unwrap_or_default()),
                        Err(error) => self.failed("go on streaming", &error),
                    }
                    chunks += 1;
                }
                let whole = patience == usize::MAX;
                let right = if whole { heard == said } else { said.starts_with(&heard) };
                self.check(right, "a streamed answer");
            }
            Err(error) => self.failed("stream", &error),
        }
        "stream"
    }

    async fn append(&mut self, text: &str) -> &'static str {
        let tally = Arc::clone(&self.tally);
        let place = self.talk();
        let talk = &mut self.sessions[place];
        let message = ChatMessage::user(format!("{} {text}", talk.said));
        match talk.session.append(message).await {
            Ok(appended) => {
                talk.said += 1;
                let expected = talk.said.min(LONGEST_SESSION);
                if appended.len < expected {
                    // The server has evicted what was said before.
                    add(&tally.evicted_sessions, 1);
                    *talk = Talk::new(&self.store);
                } else if appended.len > expected {
                    tally.fault("wrong: a conversation has more than was said".to_owned());
                }
            }
            Err(error) => self.failed("append", &error),
        }
        "append"
    }

    async fn window(&mut self) -> &'static str {
        let place = self.talk();
        let talk = &self.sessions[place];
        match talk.session.window(WINDOW_TOKENS).await {
            // Of a conversation that the server has evicted there is nothing.
            Ok(window) if window.messages.is_empty() => {}
            Ok(window) => {
                let right = follows(&window.messages, talk.said) && window.tokens <= WINDOW_TOKENS;
                self.check(right, "a window");
            }
            Err(error) => self.failed("read a window", &error),
        }
        "window"
    }

    /// The place of one of the conversations.
    fn talk(&mut self) -> usize {
        self.random.below(SESSIONS) as usize
    }

    fn count_chat(&self, source: Source, question: &str, said: &str) {
        if matches!(source, Source::Hit | Source::Stale) {
            add(&self.tally.chat_hits, 1);
            add(&self.tally.prompt_tokens_saved, tokens(question));
            add(&self.tally.completion_tokens_saved, tokens(said));
        }
    }

    fn check(&self, right: bool, what: &str) {
        if !right {
            self.tally.fault(format!("wrong: {what}"));
        }
    }

    fn failed(&self, what: &str, error: &dyn std::error::Error) {
        self.tally.fault(format!("failed to {what}: {error}"));
    }
}

fn is(got: &Embedding, text: &str) -> bool {
    let expected = vector(text);
    let (got, expected) = (got.as_slice(), expected.as_slice());
    got.len() == expected.len()
        && got.iter().zip(expected).all(|(got, expected)| got.to_bits() == expected.to_bits())
}

/// Whether these are the last things that were said, none left out.
fn follows(messages: &[Message], said: u64) -> bool {
    let first = said.wrapping_sub(messages.len() as u64);
    messages.iter().zip(first..).all(|(message, number)| {
        let text = message.chat.text();
        text.is_some_and(|text| text.split(' ').next() == Some(number.to_string().as_str()))
    })
}
