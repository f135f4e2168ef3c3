//! Pairs of texts of which it is known whether they ask the same.

use std::env;
use std::fs;
use std::path::Path;

const HARD_PAIRS: &str = include_str!("../../crates/response-cache/data/hard-pairs.tsv");
const PARAPHRASES: &str = include_str!("../../crates/response-cache/data/paraphrases.tsv");

pub(crate) struct Pair {
    pub(crate) language: &'static str,
    pub(crate) kind: String,
    /// From the repository, made from templates; not from other people's data.
    pub(crate) own: bool,
    /// From the file of paraphrases.
    pub(crate) paraphrase: bool,
    pub(crate) same: bool,
    pub(crate) texts: [String; 2],
}

impl Pair {
    fn of_others(language: &'static str, kind: &str, same: bool, texts: [&str; 2]) -> Self {
        let texts = texts.map(|text| text.trim().to_owned());
        Self { language, kind: kind.to_owned(), own: false, paraphrase: false, same, texts }
    }

    fn of_ours(line: &str, paraphrase: bool) -> Self {
        let cells: Vec<_> = line.split('\t').collect();
        let [language, kind, label, one, other] = cells[..] else { panic!("five cells: {line}") };
        let language = if language == "ko" { "ko" } else { "en" };
        let texts = [one.to_owned(), other.to_owned()];
        Self {
            language,
            kind: kind.to_owned(),
            own: true,
            paraphrase,
            same: label == "same",
            texts,
        }
    }

    /// Which half the pair is in, by FNV-1a of its texts: the same on every machine. Another seed
    /// halves the pairs in another way.
    pub(crate) fn is_held_out(&self, seed: u64) -> bool {
        let texts = self.texts.iter().flat_map(|text| text.bytes().chain([0]));
        let seed = if seed == 0 { None } else { Some(seed.to_le_bytes()) };
        let bytes = texts.chain(seed.into_iter().flatten());
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
        // Its lowest bit is the parity of the texts' lowest bits.
        (hash >> 32) & 1 == 1
    }
}

/// All pairs whose texts differ: the same text is an exact hit.
pub(crate) fn all() -> Vec<Pair> {
    let ours = |file: &'static str, paraphrase| {
        file.lines().skip(1).map(move |line| Pair::of_ours(line, paraphrase))
    };
    let mut pairs: Vec<_> = ours(HARD_PAIRS, false).chain(ours(PARAPHRASES, true)).collect();
    match env::var_os("TEST_PAIRS_DIR") {
        Some(folder) => pairs.extend(of_others(Path::new(&folder))),
        None => eprintln!("TEST_PAIRS_DIR is not set: only the pairs in the repository are used"),
    }
    pairs.retain(|pair| pair.texts[0] != pair.texts[1] && pair.texts.iter().all(|t| !t.is_empty()));
    pairs
}

fn of_others(folder: &Path) -> Vec<Pair> {
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    let english = read("stsb-en-dev.csv");
    let english = english.lines().filter_map(|line| graded("en", &csv(line)));
    let korean = read("korsts-dev.tsv");
    let korean = korean.lines().skip(1).filter_map(|line| {
        let cells: Vec<_> = line.split('\t').map(str::to_owned).collect();
        let [.., score, one, other] = &cells[..] else { return None };
        graded("ko", &[one.clone(), other.clone(), score.clone()])
    });
    let questions = read("questions-ko-train.txt");
    let questions = questions.lines().skip(1).filter_map(|line| {
        let cells: Vec<_> = line.split('\t').collect();
        let [one, other, label] = cells[..] else { return None };
        Some(Pair::of_others("ko", "questions", label == "0", [one, other]))
    });
    english.chain(korean).chain(questions).collect()
}

/// Graded from 0 to 5: only near identity is the same question; what is between is left out.
fn graded(language: &'static str, cells: &[String]) -> Option<Pair> {
    let [one, other, score] = cells else { return None };
    let score: f64 = score.parse().ok()?;
    let same = score >= 4.5;
    (same || score <= 3.5).then(|| Pair::of_others(language, "sentences", same, [one, other]))
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
