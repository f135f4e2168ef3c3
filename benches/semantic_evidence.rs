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

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use cache_core::vector::Similarity;
use cache_core::{EmbedOptions, Embedding, EmbeddingProvider};
use embed_local::{Lexical, LocalModel};
use response_cache::semantic::{Calibration, Goal, Guards, LabelledPair, Point, calibrate};

const HARD_PAIRS: &str = include_str!("../crates/response-cache/data/hard-pairs.tsv");

struct Pair {
    language: &'static str,
    kind: String,
    same: bool,
    texts: [String; 2],
}

#[tokio::main]
async fn main() {
    let model = env::var_os("TEST_MINILM_DIR").expect("TEST_MINILM_DIR names the model's folder");
    let model = LocalModel::open(PathBuf::from(model)).await.unwrap();
    let pairs = pairs();
    println!(
        "| language | model | guards | goal | threshold | precision, held out | recall, held out |"
    );
    println!("|---|---|---|---|---|---|---|");
    let english = measure(&pairs, "en", "MiniLM", &model).await;
    let korean = measure(&pairs, "ko", "lexical", &Lexical::default()).await;
    println!("\n| kind | English: held back | Korean: held back |\n|---|---|---|");
    for (kind, english) in &english {
        println!("| {kind} | {english} | {} |", korean.get(kind).map_or("", String::as_str));
    }
}

/// Two rows for each goal, and how many hard pairs of each kind the guards hold back.
async fn measure(
    pairs: &[Pair],
    language: &str,
    name: &str,
    model: &dyn EmbeddingProvider,
) -> BTreeMap<String, String> {
    let pairs: Vec<_> = pairs.iter().filter(|pair| pair.language == language).collect();
    let texts: Vec<&str> =
        pairs.iter().flat_map(|pair| pair.texts.iter().map(String::as_str)).collect();
    let vectors = embed(model, &texts).await;
    for (label, guards) in [("no", Guards::none()), ("yes", Guards::all())] {
        let labelled = |half: bool| {
            let of_half =
                pairs.iter().zip(vectors.chunks(2)).filter(move |(p, _)| held_out(p) == half);
            of_half.map(move |(pair, vectors)| label_pair(pair, vectors, guards))
        };
        for (goal_name, goal) in [
            ("99 %, 95 % sure", Goal::precision(0.99)),
            ("99 % observed", Goal::precision(0.99).with_confidence(0.0)),
        ] {
            let found = calibrate(labelled(false), goal);
            let judged = calibrate(labelled(true), Goal::precision(0.99));
            println!("| {language} | {name} | {label} | {goal_name} | {} |", row(&found, &judged));
        }
    }
    held_back(&pairs)
}

fn row(found: &Calibration, judged: &Calibration) -> String {
    let chosen = match &found.chosen {
        Ok(chosen) => chosen,
        Err(why) => return format!("{why} | | "),
    };
    let Some(point) = judged.at(chosen.threshold) else {
        return format!("{:.3} | none served | 0 %", chosen.threshold.get());
    };
    let Point { right, wrong, precision, precision_interval, recall, recall_interval, .. } = *point;
    format!(
        "{:.3} | {:.1} % ({:.1}-{:.1}; {wrong} of {} wrong) | {:.1} % ({:.1}-{:.1})",
        chosen.threshold.get(),
        precision * 100.0,
        precision_interval.0 * 100.0,
        precision_interval.1 * 100.0,
        right + wrong,
        recall * 100.0,
        recall_interval.0 * 100.0,
        recall_interval.1 * 100.0,
    )
}

fn held_back(pairs: &[&Pair]) -> BTreeMap<String, String> {
    let mut counts = BTreeMap::<String, (usize, usize)>::new();
    for pair in pairs {
        let name = if pair.same { format!("{} (same)", pair.kind) } else { pair.kind.clone() };
        let (held, all) = counts.entry(name).or_default();
        *all += 1;
        *held += usize::from(Guards::all().check(&pair.texts[0], &pair.texts[1]).is_err());
    }
    counts.into_iter().map(|(kind, (held, all))| (kind, format!("{held} of {all}"))).collect()
}

fn label_pair(pair: &Pair, vectors: &[Embedding], guards: Guards) -> LabelledPair {
    let cosine = vectors[0].cosine_similarity(&vectors[1]).unwrap_or(-1.0);
    #[expect(clippy::cast_possible_truncation, reason = "a cosine")]
    let similarity = Similarity::rounded(cosine as f32);
    let passes = guards.check(&pair.texts[0], &pair.texts[1]).is_ok();
    LabelledPair { similarity, same: pair.same, passes }
}

async fn embed(model: &dyn EmbeddingProvider, texts: &[&str]) -> Vec<Embedding> {
    let mut vectors = Vec::with_capacity(texts.len());
    for batch in texts.chunks(64) {
        let answer = model.embed(batch, &EmbedOptions::default()).await.unwrap();
        vectors.extend(answer.embeddings.into_iter().map(Result::unwrap));
    }
    vectors
}

/// Half of the pairs, by FNV-1a of their texts: the same half on every machine.
fn held_out(pair: &Pair) -> bool {
    let bytes = pair.texts.iter().flat_map(|text| text.bytes().chain([0]));
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    (hash >> 32) & 1 == 1
}

/// All pairs whose texts differ: the same text is an exact hit.
fn pairs() -> Vec<Pair> {
    let mut pairs: Vec<_> = HARD_PAIRS.lines().skip(1).map(hard_pair).collect();
    if let Some(folder) = env::var_os("TEST_PAIRS_DIR") {
        let read = |name: &str| fs::read_to_string(Path::new(&folder).join(name)).unwrap();
        pairs.extend(read("stsb-en-dev.csv").lines().filter_map(|line| graded("en", &csv(line))));
        pairs.extend(read("korsts-dev.tsv").lines().skip(1).filter_map(|line| {
            let cells: Vec<_> = line.split('\t').map(str::to_owned).collect();
            let [.., score, one, other] = &cells[..] else { return None };
            graded("ko", &[one.clone(), other.clone(), score.clone()])
        }));
        pairs.extend(read("questions-ko-train.txt").lines().skip(1).filter_map(|line| {
            let cells: Vec<_> = line.split('\t').collect();
            let [one, other, label] = cells[..] else { return None };
            Some(pair("ko", "questions", label == "0", one, other))
        }));
    } else {
        eprintln!("TEST_PAIRS_DIR is not set: only the pairs in the repository are used");
    }
    pairs.retain(|pair| pair.texts[0] != pair.texts[1] && pair.texts.iter().all(|t| !t.is_empty()));
    pairs
}

fn pair(language: &'static str, kind: &str, same: bool, one: &str, other: &str) -> Pair {
    let texts = [one.trim().to_owned(), other.trim().to_owned()];
    Pair { language, kind: kind.to_owned(), same, texts }
}

fn hard_pair(line: &str) -> Pair {
    let cells: Vec<_> = line.split('\t').collect();
    let [language, kind, label, one, other] = cells[..] else { panic!("five cells: {line}") };
    pair(if language == "ko" { "ko" } else { "en" }, kind, label == "same", one, other)
}

/// Graded from 0 to 5: only near identity is the same question; what is between is left out.
fn graded(language: &'static str, cells: &[String]) -> Option<Pair> {
    let [one, other, score] = cells else { return None };
    let score: f64 = score.parse().ok()?;
    let same = score >= 4.5;
    (same || score <= 3.5).then(|| pair(language, "sentences", same, one, other))
}

/// The cells of a line with quotation marks around those that have commas.
fn csv(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cells.last_mut().unwrap().push(c),
        }
    }
    cells
}
