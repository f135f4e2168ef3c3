//! Searching 100,000 vectors in memory, and the share of the memory's bandwidth that it reaches:
//! reading the same number of bytes on as many threads, measured in the same rounds.

use std::hint::black_box;
use std::time::{Duration, Instant};

use cache_benches::compare::median;
use cache_core::Namespace;
use cache_core::vector::{Filter, IndexName, VectorIndex, VectorQuery};
use vector_scan::MemoryVectors;

use crate::{DIMENSIONS, Numbers, fill, part, schema};

/// Queries that are asked together.
const BATCH: usize = 16;

pub(crate) async fn run(test: bool) {
    let (rows, rounds) = if test { (2_000, 1) } else { (100_000, 50) };
    let mut numbers = Numbers(42);
    let name = IndexName::new(Namespace::default(), "bench").unwrap();
    let index = MemoryVectors::new(4 << 30).index(&name, &schema());
    fill(&index, rows, &mut numbers).await;
    let memory = vec![1u64; rows * DIMENSIONS / 2];
    let one = VectorQuery::nearest(numbers.vector(), 10);
    let tenth = one.clone().with_filter(Filter::tag(part(), "3"));
    let searches = [vec![one.clone()], vec![tenth], vec![one; BATCH]];
    let mut times: [Vec<Duration>; 4] = Default::default();
    for _ in 0..rounds {
        times[0].push(read(&memory));
        for (queries, times) in searches.iter().zip(&mut times[1..]) {
            let start = Instant::now();
            black_box(index.search_many(queries).await.unwrap());
            times.push(start.elapsed());
        }
    }
    report(rows, times.map(|mut times| median(&mut times)));
}

fn report(rows: usize, [reading, one, tenth, batch]: [Duration; 4]) {
    let line = |what: &str, time: Duration, rest: &str| {
        println!("{what:<44} {:>10.2} ms   {rest}", time.as_secs_f64() * 1e3);
    };
    let gigabytes = (rows * DIMENSIONS * size_of::<f32>()) as f64 / 1e9;
    let bandwidth = format!("{:.1} GB/s", gigabytes / reading.as_secs_f64());
    let share = 100.0 * reading.as_secs_f64() / one.as_secs_f64();
    println!("{rows} vectors of {DIMENSIONS} dimensions in memory, medians of interleaved runs");
    line("reading as many bytes on every processor", reading, &bandwidth);
    line("the nearest 10", one, &format!("{share:.0} % of the bandwidth, target ≥ 60 %"));
    line("the nearest 10 of a tenth, by a tag", tenth, "");
    line("the nearest 10, of 16 queries together", batch.div_f64(BATCH as f64), "a query");
}

/// Reads all of it on every processor.
fn read(memory: &[u64]) -> Duration {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for part in memory.chunks(memory.len().div_ceil(threads)) {
            scope.spawn(|| {
                // Several sums, so that adding does not hold the reading up.
                let (parts, _) = part.as_chunks::<32>();
                let add = |mut sums: [u64; 32], part: &[u64; 32]| {
                    sums.iter_mut().zip(part).for_each(|(sum, one)| *sum = sum.wrapping_add(*one));
                    sums
                };
                black_box(parts.iter().fold([0; 32], add))
            });
        }
    });
    start.elapsed()
}
