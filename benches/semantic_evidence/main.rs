//! Which threshold the semantic stage wants, and what it then does: the tables of
//! `docs/semantic-cache.md`.
//!
//! ```text
//! TEST_MINILM_DIR=$(scripts/get-minilm.sh) TEST_PAIRS_DIR=pairs \
//!   cargo run -p cache-benches --example semantic_evidence --features local-model
//! ```
//!
//! `TEST_PAIRS_DIR` holds `stsb-en-dev.csv`, `korsts-dev.tsv` and `questions-ko-train.txt`; without it
//! only the pairs in the repository are used.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for figures")]

mod pairs;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::env;
use std::path::PathBuf;

use cache_core::vector::Similarity;
use cache_core::{EmbedOptions, Embedding, EmbeddingProvider};
use embed_local::{Lexical, LocalModel};
use pairs::Pair;
use response_cache::semantic::{Calibration, Goal, Guards, LabelledPair, Point, calibrate};

/// So many random halves.
const HALVES: u64 = 20;

#[tokio::main]
async fn main() {
    let model = env::var_os("TEST_MINILM_DIR").expect("TEST_MINILM_DIR names the model's folder");
    let model = LocalModel::open(PathBuf::from(model)).await.unwrap();
    let pairs = pairs::all();
    let languages = [
        Measured::of(&pairs, "en", "MiniLM", &model).await,
        Measured::of(&pairs, "ko", "lexical", &Lexical::default()).await,
    ];
    println!(
        "| language | model | pairs | guards | goal | threshold | precision, held out | recall, held out |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for measured in &languages {
        measured.each_setting(|name, pairs, goal| {
            println!("| {name} | {} |", of_one_half(pairs, goal));
        });
    }
    println!(
        "\n| language | model | pairs | guards | goal | found in | precision, mean | precision, worst | recall, mean |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for measured in &languages {
        measured.each_setting(|name, pairs, goal| {
            println!("| {name} | {} |", of_many_halves(pairs, goal));
        });
    }
    println!("\n| kind | English: held back | Korean: held back |\n|---|---|---|");
    let [english, korean] = languages.map(|measured| measured.held_back());
    let kinds: BTreeSet<_> = english.keys().chain(korean.keys()).collect();
    for kind in kinds {
        let of = |table: &BTreeMap<String, String>| table.get(kind).cloned().unwrap_or_default();
        println!("| {kind} | {} | {} |", of(&english), of(&korean));
    }
}

/// A pair with what the model and the guards say of it.
#[derive(Clone, Copy)]
struct Judged<'p> {
    pair: &'p Pair,
    similarity: Similarity,
    passes: bool,
}

impl Judged<'_> {
    fn labelled(&self, guards: bool) -> LabelledPair {
        let passes = self.passes || !guards;
        LabelledPair { similarity: self.similarity, same: self.pair.same, passes }
    }
}

/// All pairs of a language.
struct Measured<'p> {
    name: String,
    judged: Vec<Judged<'p>>,
}

impl<'p> Measured<'p> {
    async fn of(
        pairs: &'p [Pair],
        language: &str,
        name: &str,
        model: &dyn EmbeddingProvider,
    ) -> Self {
        let pairs: Vec<_> = pairs.iter().filter(|pair| pair.language == language).collect();
        let vectors = embed(model, &pairs).await;
        let judge = |pair: &'p Pair| {
            let [one, other] = pair.texts.each_ref().map(String::as_str);
            let cosine = vectors[one].cosine_similarity(&vectors[other]).unwrap_or(-1.0);
            #[expect(clippy::cast_possible_truncation, reason = "a cosine")]
            let similarity = Similarity::rounded(cosine as f32);
            Judged { pair, similarity, passes: Guards::all().check(one, other).is_ok() }
        };
        let judged = pairs.into_iter().map(judge).collect();
        Self { name: format!("{language} | {name}"), judged }
    }

    /// With and without our own paraphrases, with and without guards, for each goal.
    fn each_setting(&self, mut print: impl FnMut(String, &[(&Pair, LabelledPair)], Goal)) {
        let floor = Similarity::rounded(0.5);
        let goals = [
            ("99 %, 95 % sure", Goal::precision(0.99).with_floor(floor)),
            ("99 %, 80 % sure", Goal::precision(0.99).with_one_sided(0.8).with_floor(floor)),
            ("99 % observed", Goal::precision(0.99).with_confidence(0.0).with_floor(floor)),
        ];
        type Belongs = fn(&Pair) -> bool;
        let sets: [(&str, Belongs); 3] = [
            ("of others", |pair| !pair.own),
            ("and hard ones", |pair| !pair.paraphrase),
            ("and paraphrases", |_| true),
        ];
        for (set, belongs) in sets {
            for (label, guards) in [("no", false), ("yes", true)] {
                let chosen = self.judged.iter().filter(|judged| belongs(judged.pair));
                let pairs: Vec<_> =
                    chosen.map(|judged| (judged.pair, judged.labelled(guards))).collect();
                // Without guards none is ever sure.
                for (goal_name, goal) in goals.into_iter().skip(if guards { 0 } else { 2 }) {
                    print(format!("{} | {set} | {label} | {goal_name}", self.name), &pairs, goal);
                }
            }
        }
    }

    /// How many pairs of each kind the guards hold back.
    fn held_back(&self) -> BTreeMap<String, String> {
        let mut counts = BTreeMap::<String, (usize, usize)>::new();
        for Judged { pair, passes, .. } in &self.judged {
            let name = if pair.same { format!("{} (same)", pair.kind) } else { pair.kind.clone() };
            let (held, all) = counts.entry(name).or_default();
            *all += 1;
            *held += usize::from(!passes);
        }
        counts.into_iter().map(|(kind, (held, all))| (kind, format!("{held} of {all}"))).collect()
    }
}

/// The threshold of one half, and what it does to the other.
fn halves(pairs: &[(&Pair, LabelledPair)], goal: Goal, seed: u64) -> (Calibration, Option<Point>) {
    let half = |held_out: bool| {
        let of_half = pairs.iter().filter(move |(pair, _)| pair.is_held_out(seed) == held_out);
        of_half.map(|(_, labelled)| *labelled)
    };
    let found = calibrate(half(false), goal);
    let judged = calibrate(half(true), goal);
    let point = found.chosen.ok().and_then(|chosen| judged.at(chosen.threshold).copied());
    (found, point)
}

fn of_one_half(pairs: &[(&Pair, LabelledPair)], goal: Goal) -> String {
    let (found, point) = halves(pairs, goal, 0);
    let threshold = match found.chosen {
        Ok(chosen) => chosen.threshold.get(),
        Err(why) => return format!("{why} | |"),
    };
    let Some(point) = point else { return format!("{threshold:.3} | none served | 0 %") };
    let (precision, recall) = (point.precision_interval(0.95), point.recall_interval(0.95));
    format!(
        "{threshold:.3} | {:.1} % ({:.1}-{:.1}; {} of {} wrong) | {:.1} % ({:.1}-{:.1})",
        point.precision * 100.0,
        precision.0 * 100.0,
        precision.1 * 100.0,
        point.wrong,
        point.right + point.wrong,
        point.recall * 100.0,
        recall.0 * 100.0,
        recall.1 * 100.0,
    )
}

fn of_many_halves(pairs: &[(&Pair, LabelledPair)], goal: Goal) -> String {
    let points: Vec<_> = (1..=HALVES).filter_map(|seed| halves(pairs, goal, seed).1).collect();
    if points.is_empty() {
        return format!("0 of {HALVES} | | |");
    }
    let mean = |value: fn(&Point) -> f64| {
        points.iter().map(value).sum::<f64>() / f64::from(u32::try_from(points.len()).unwrap())
    };
    let worst = points.iter().min_by(|a, b| a.precision.total_cmp(&b.precision)).unwrap();
    format!(
        "{} of {HALVES} | {:.1} % | {:.1} % ({} of {} wrong) | {:.1} %",
        points.len(),
        mean(|point| point.precision) * 100.0,
        worst.precision * 100.0,
        worst.wrong,
        worst.right + worst.wrong,
        mean(|point| point.recall) * 100.0,
    )
}

/// The vector of each text.
async fn embed<'p>(
    model: &dyn EmbeddingProvider,
    pairs: &[&'p Pair],
) -> HashMap<&'p str, Embedding> {
    let texts: BTreeSet<_> =
        pairs.iter().flat_map(|pair| &pair.texts).map(String::as_str).collect();
    // Texts of one length together: a batch takes as long as its longest.
    let mut texts: Vec<_> = texts.into_iter().collect();
    texts.sort_by_key(|text| text.len());
    let mut vectors = HashMap::with_capacity(texts.len());
    for batch in texts.chunks(64) {
        let answer = model.embed(batch, &EmbedOptions::default()).await.unwrap();
        vectors
            .extend(batch.iter().copied().zip(answer.embeddings.into_iter().map(Result::unwrap)));
    }
    vectors
}
