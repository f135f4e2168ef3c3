//! Those who ask, and check what they are told.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cache_core::{EmbedOptions, Embedding, EmbeddingProvider};
use embedding_cache::EmbeddingCache;
use futures_util::StreamExt;
use response_cache::{CallOptions, ResponseCache};
use tokio::task::JoinSet;

use crate::measured::{Sample, Told};
use crate::provider::{Provider, TAKES, answer, request, vector};

const CALLERS: usize = 64;
/// Those who ask the provider without a cache: what they wait longer is the machine's doing.
const CONTROLS: usize = 16;
/// The texts that are asked for again and again.
const TEXTS: usize = 200;
const BATCH: usize = 4;
/// Between two calls of one caller.
const PAUSE: Duration = Duration::from_millis(20);

/// The two caches.
#[derive(Debug, Clone)]
pub(crate) struct Caches {
    pub(crate) embeddings: EmbeddingCache,
    pub(crate) responses: ResponseCache,
}

/// Everybody who asks.
pub(crate) struct Callers {
    stop: Arc<AtomicBool>,
    callers: JoinSet<Vec<Sample>>,
    controls: JoinSet<Vec<Sample>>,
}

impl Callers {
    pub(crate) fn start(caches: &Caches) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (mut callers, mut controls) = (JoinSet::new(), JoinSet::new());
        for number in 0..CALLERS {
            let caches = caches.clone();
            callers.spawn(repeat(Arc::clone(&stop), move |turn| {
                let caches = caches.clone();
                async move { caches.ask(number, turn).await }
            }));
        }
        for _ in 0..CONTROLS {
            controls.spawn(repeat(Arc::clone(&stop), |_| async {
                let asked = Provider.embed(&["control"], &EmbedOptions::default()).await;
                asked.map_or(Told::Nothing, |_| Told::Computed)
            }));
        }
        Self { stop, callers, controls }
    }

    /// What the callers, and those without a cache, have seen.
    pub(crate) async fn stop(self) -> (Vec<Sample>, Vec<Sample>) {
        self.stop.store(true, Ordering::Relaxed);
        let (callers, controls) = (self.callers.join_all().await, self.controls.join_all().await);
        (callers.concat(), controls.concat())
    }
}

async fn repeat<F: Future<Output = Told>>(
    stop: Arc<AtomicBool>,
    ask: impl Fn(usize) -> F,
) -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut turn = 0;
    while !stop.load(Ordering::Relaxed) {
        let start = Instant::now();
        let told = ask(turn).await;
        samples.push(Sample { start, added: start.elapsed().saturating_sub(TAKES), told });
        turn += 1;
        tokio::time::sleep(PAUSE).await;
    }
    samples
}

impl Caches {
    /// One call. Each caller goes through the texts in an order of its own, and now and then asks
    /// for what nobody has asked for.
    async fn ask(&self, caller: usize, turn: usize) -> Told {
        let place = (caller * 31 + turn * 7) % TEXTS;
        let text = match turn % 16 {
            0 => format!("text {caller} {turn}"),
            _ => format!("text {place}"),
        };
        match turn % 4 {
            0 => self.embed(&text).await,
            1 => self.embed_batch(place).await,
            2 => self.complete(&text).await,
            _ => self.stream(&text).await,
        }
    }

    pub(crate) async fn embed(&self, text: &str) -> Told {
        let Ok(model) = self.embeddings.provider() else { return Told::Nothing };
        let Ok(lookup) = model.look_up(text).await else { return Told::Nothing };
        let hit = lookup.source == embedding_cache::Source::Hit;
        Told::of(is(&lookup.embedding, text), hit)
    }

    async fn embed_batch(&self, place: usize) -> Told {
        let texts: Vec<_> = (place..place + BATCH).map(|n| format!("text {}", n % TEXTS)).collect();
        let Ok(vectors) = self.embeddings.embed_batch(&texts).await else { return Told::Nothing };
        let right = vectors.len() == texts.len()
            && vectors.iter().zip(&texts).all(|(vector, text)| is(vector, text));
        Told::of(right, false)
    }

    pub(crate) async fn complete(&self, text: &str) -> Told {
        let told = self.responses.complete_with(&request(text), &CallOptions::new()).await;
        let Ok(told) = told else { return Told::Nothing };
        let right = told.response.content() == Some(answer(text).as_str());
        Told::of(right, told.source == response_cache::Source::Hit)
    }

    async fn stream(&self, text: &str) -> Told {
        let told = self.responses.stream_with(&request(text), &CallOptions::new()).await;
        let Ok(mut told) = told else { return Told::Nothing };
        let mut said = String::new();
        while let Some(chunk) = told.chunks.next().await {
            let Ok(chunk) = chunk else { return Told::Nothing };
            said.push_str(chunk.content().unwrap_or_default());
        }
        Told::of(said == answer(text), told.source == response_cache::Source::Hit)
    }
}

fn is(got: &Embedding, text: &str) -> bool {
    let bits =
        |vector: &Embedding| vector.as_slice().iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    bits(got) == bits(&vector(text))
}
