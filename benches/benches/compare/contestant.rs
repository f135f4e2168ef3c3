//! What every contestant does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use cache_benches::compare::median;
use tokio::task::JoinSet;

/// So many texts are stored.
pub(crate) const TEXTS: usize = 1_000;
const PROVIDER_TAKES: Duration = Duration::from_millis(50);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Work {
    Single,
    Batch,
    Store,
    /// A batch of which one in ten is new.
    Partial,
    /// 64 hits asked for at once.
    Concurrent,
    /// 64 tasks ask for a new text; counts the calls of the provider.
    Stampede,
    /// A batch of 100 texts, ten of which are distinct; counts those that are computed.
    Duplicates,
    /// Counts the texts whose vectors come back bit for bit.
    Exact,
}

impl Work {
    pub(crate) const ALL: [Self; 8] = [
        Self::Single,
        Self::Batch,
        Self::Store,
        Self::Partial,
        Self::Concurrent,
        Self::Stampede,
        Self::Duplicates,
        Self::Exact,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Batch => "batch",
            Self::Store => "store",
            Self::Partial => "partial",
            Self::Concurrent => "concurrent",
            Self::Stampede => "stampede",
            Self::Duplicates => "duplicates",
            Self::Exact => "exact",
        }
    }

    /// How often all contestants have their turn. The turns are short, for a machine is faster at some
    /// times than at others.
    pub(crate) fn rounds(self, test: bool) -> usize {
        match self {
            _ if test => 1,
            Self::Single => 200,
            Self::Concurrent => 40,
            Self::Batch | Self::Store | Self::Partial => 10,
            Self::Stampede | Self::Duplicates | Self::Exact => 1,
        }
    }

    /// So many a turn begins with that do not count: they show what those before have left in the
    /// processor's caches, and whoever comes after a program in Python would pay for it.
    pub(crate) fn warm_up(self, test: bool) -> usize {
        match self {
            _ if test => 0,
            Self::Single => 10,
            Self::Concurrent | Self::Batch | Self::Store | Self::Partial => 1,
            Self::Stampede | Self::Duplicates | Self::Exact => 0,
        }
    }
}

/// What a work took each time, and what it counted the last time.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct Done {
    pub(crate) seconds: Vec<f64>,
    pub(crate) count: Option<u64>,
}

#[async_trait]
pub(crate) trait Contestant {
    fn name(&self) -> &str;

    /// Whether what it stores is on the Redis server.
    fn on_redis(&self) -> bool;

    /// How often it does a work in one turn.
    fn often(&self, work: Work, test: bool) -> usize;

    async fn work(&mut self, work: Work, times: usize) -> Done;
}

/// A contestant's results.
#[derive(Debug)]
pub(crate) struct Times {
    pub(crate) name: String,
    /// On the Redis server, a vector.
    pub(crate) bytes: Option<u64>,
    seconds: BTreeMap<Work, Vec<f64>>,
    counts: BTreeMap<Work, u64>,
}

impl Times {
    pub(crate) fn new(contestant: &dyn Contestant, bytes: u64) -> Self {
        let bytes = contestant.on_redis().then_some(bytes);
        let name = contestant.name().to_owned();
        Self { name, bytes, seconds: BTreeMap::new(), counts: BTreeMap::new() }
    }

    pub(crate) fn add(&mut self, work: Work, done: Done) {
        self.seconds.entry(work).or_default().extend(done.seconds);
        if let Some(count) = done.count {
            self.counts.insert(work, count);
        }
    }

    /// The median.
    pub(crate) fn seconds(&self, work: Work) -> f64 {
        let times = self.seconds[&work].iter().map(|seconds| Duration::from_secs_f64(*seconds));
        median(&mut times.collect::<Vec<_>>()).as_secs_f64()
    }

    pub(crate) fn count(&self, work: Work) -> u64 {
        self.counts[&work]
    }
}

/// Knows the vector of every text, counts what it is asked, and takes as long as it is told.
#[derive(Debug)]
pub(crate) struct Provider {
    vectors: Arc<Vec<Vec<f32>>>,
    calls: AtomicU64,
    texts: AtomicU64,
    millis: AtomicU64,
}

impl Provider {
    fn vector(&self, text: &str) -> Vec<f32> {
        let number: usize = text.rsplit(' ').next().unwrap().parse().unwrap();
        self.vectors[number % TEXTS].clone()
    }

    pub(crate) async fn embed_many(&self, texts: Vec<String>) -> Vec<Vec<f32>> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.texts.fetch_add(texts.len() as u64, Ordering::Relaxed);
        let millis = self.millis.load(Ordering::Relaxed);
        if millis > 0 {
            tokio::time::sleep(Duration::from_millis(millis)).await;
        }
        texts.iter().map(|text| self.vector(text)).collect()
    }
}

/// A cache that is asked from Rust. Vectors come as the cache gives them.
#[async_trait]
pub(crate) trait Cache: Send + Sync + 'static {
    type Vector: AsRef<[f32]> + Send;

    async fn put_many(&self, entries: &[(String, Vec<f32>)]);
    async fn get(&self, text: &str) -> Option<Self::Vector>;
    async fn get_many(&self, texts: &[String]) -> Vec<Option<Self::Vector>>;
    /// Computes what is missing, and stores it.
    async fn ask_many(&self, texts: &[String], provider: &Arc<Provider>) -> Vec<Self::Vector>;
}

pub(crate) fn in_rust<C: Cache>(
    name: &str,
    on_redis: bool,
    cache: C,
    vectors: Arc<Vec<Vec<f32>>>,
) -> Box<dyn Contestant> {
    let texts = (0..TEXTS).map(|number| format!("a text of some length, number {number}"));
    let provider = Provider {
        vectors,
        calls: AtomicU64::new(0),
        texts: AtomicU64::new(0),
        millis: AtomicU64::new(0),
    };
    Box::new(InRust {
        name: name.to_owned(),
        on_redis,
        cache: Arc::new(cache),
        provider: Arc::new(provider),
        texts: texts.collect(),
        new: 1_000_000,
        next: 0,
    })
}

struct InRust<C> {
    name: String,
    on_redis: bool,
    cache: Arc<C>,
    provider: Arc<Provider>,
    texts: Vec<String>,
    new: usize,
    next: usize,
}

impl<C: Cache> InRust<C> {
    fn fresh(&mut self, count: usize) -> Vec<String> {
        self.new += count;
        (self.new - count..self.new).map(|number| format!("a new text, number {number}")).collect()
    }

    async fn store(&self) -> Duration {
        let texts = self.texts.iter().map(|text| (text.clone(), self.provider.vector(text)));
        let entries: Vec<_> = texts.collect();
        let start = Instant::now();
        self.cache.put_many(&entries).await;
        start.elapsed()
    }

    async fn single(&mut self) {
        self.next = (self.next + 1) % TEXTS;
        assert!(self.cache.get(&self.texts[self.next]).await.is_some());
    }

    async fn batch(&self) {
        assert!(self.cache.get_many(&self.texts).await.iter().all(Option::is_some));
    }

    async fn ask(&self, texts: &[String]) {
        assert_eq!(self.cache.ask_many(texts, &self.provider).await.len(), texts.len());
    }

    async fn concurrent(&self) {
        let mut tasks = JoinSet::new();
        for text in &self.texts[..64] {
            let (cache, text) = (Arc::clone(&self.cache), text.clone());
            tasks.spawn(async move { assert!(cache.get(&text).await.is_some()) });
        }
        tasks.join_all().await;
    }

    async fn stampede(&mut self) -> u64 {
        let takes = u64::try_from(PROVIDER_TAKES.as_millis()).unwrap();
        self.provider.millis.store(takes, Ordering::Relaxed);
        let before = self.provider.calls.load(Ordering::Relaxed);
        let text = self.fresh(1);
        let mut tasks = JoinSet::new();
        for _ in 0..64 {
            let (cache, provider) = (Arc::clone(&self.cache), Arc::clone(&self.provider));
            let text = text.clone();
            tasks.spawn(async move { assert_eq!(cache.ask_many(&text, &provider).await.len(), 1) });
        }
        tasks.join_all().await;
        self.provider.millis.store(0, Ordering::Relaxed);
        self.provider.calls.load(Ordering::Relaxed) - before
    }

    async fn duplicates(&mut self) -> u64 {
        let before = self.provider.texts.load(Ordering::Relaxed);
        let texts: Vec<_> = self.fresh(10).into_iter().cycle().take(100).collect();
        self.ask(&texts).await;
        self.provider.texts.load(Ordering::Relaxed) - before
    }

    async fn exact(&self) -> u64 {
        let found = self.cache.get_many(&self.texts).await;
        let same = |text: &String, found: &Option<C::Vector>| {
            let wanted = self.provider.vector(text);
            let bits =
                |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            found.as_ref().is_some_and(|found| bits(found.as_ref()) == bits(&wanted))
        };
        self.texts.iter().zip(&found).filter(|(text, found)| same(text, found)).count() as u64
    }
}

#[async_trait]
impl<C: Cache> Contestant for InRust<C> {
    fn name(&self) -> &str {
        &self.name
    }

    fn on_redis(&self) -> bool {
        self.on_redis
    }

    fn often(&self, work: Work, test: bool) -> usize {
        match work {
            _ if test => 1,
            Work::Single => 20,
            Work::Concurrent => 5,
            Work::Batch | Work::Store | Work::Partial => 6,
            Work::Stampede | Work::Duplicates | Work::Exact => 1,
        }
    }

    async fn work(&mut self, work: Work, times: usize) -> Done {
        let mut done = Done::default();
        for _ in 0..times {
            let texts = match work {
                Work::Partial => {
                    let new = self.fresh(TEXTS / 10);
                    [&self.texts[..TEXTS - new.len()], &new].concat()
                }
                _ => Vec::new(),
            };
            let start = Instant::now();
            match work {
                Work::Single => self.single().await,
                Work::Batch => self.batch().await,
                Work::Partial => self.ask(&texts).await,
                Work::Concurrent => self.concurrent().await,
                Work::Stampede => done.count = Some(self.stampede().await),
                Work::Duplicates => done.count = Some(self.duplicates().await),
                Work::Exact => done.count = Some(self.exact().await),
                Work::Store => {
                    done.seconds.push(self.store().await.as_secs_f64());
                    continue;
                }
            }
            done.seconds.push(start.elapsed().as_secs_f64());
        }
        done
    }
}
