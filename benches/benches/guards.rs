//! What the guards of the semantic stage take for a pair of questions. They run in the caller's
//! task, for each candidate that is similar enough: tens of microseconds, 50 at most for an ordinary
//! question.
//!
//! `cargo bench --bench guards`; with `--test` each part runs once.
#![allow(missing_docs, reason = "benchmarks")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use response_cache::semantic::Guards;

const PAIRS: [(&str, &str, &str); 6] = [
    ("same", "How do I reset my password?", "Hi, what is the best way to reset my password?"),
    ("numbers", "Remind me on January 5, 2024 at 3pm", "remind me at 15:00 on 2024-01-05"),
    ("other", "How do I cancel my subscription?", "How do I pause my subscription?"),
    (
        "long",
        "Paul Themba Nyathi, an MDC spokesman, said the Avenues Clinic was being targeted because it \
         was treating opposition supporters.",
        "MDC spokesperson Paul Themba Nyathi said the Avenues Clinic was targeted because it was \
         handling opposition supporters.",
    ),
    ("korean", "비밀번호를 재설정하는 방법 알려줘", "비밀번호는 어떻게 재설정하면 되나요?"),
    ("korean-other", "제주도 여행 코스를 추천해 주세요", "강릉 여행 코스 추천해줘"),
];

fn guards(c: &mut Criterion) {
    let mut group = c.benchmark_group("guards");
    group.throughput(Throughput::Elements(1));
    for (name, one, other) in PAIRS {
        group.bench_function(name, |bencher| {
            bencher.iter(|| Guards::all().check(black_box(one), black_box(other)));
        });
    }
    group.finish();
}

criterion_group!(benches, guards);
criterion_main!(benches);
