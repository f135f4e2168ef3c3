//! The table, and what is drawn from it.

use std::fmt::Write;
use std::path::Path;

use crate::contestant::{TEXTS, Times, Work};

const TIMED: [(Work, &str); 5] = [
    (Work::Single, "one hit"),
    (Work::Batch, "1000 hits"),
    (Work::Store, "store 1000"),
    (Work::Partial, "900 hits, 100 new"),
    (Work::Concurrent, "64 hits at once"),
];

/// In Markdown; times are medians, and in brackets how many times ours on Redis.
pub(crate) fn table(times: &[Times]) -> String {
    let mut text = String::from("| |");
    for (_, title) in TIMED {
        write!(text, " {title} |").unwrap();
    }
    text.push_str(" calls for 64 that ask at once | computed of 10 distinct of 100 | bytes in Redis | exact |\n");
    text.push_str("|---|");
    text.push_str(&"---:|".repeat(TIMED.len() + 4));
    text.push('\n');
    for contestant in times {
        write!(text, "| {} |", contestant.name).unwrap();
        for (work, _) in TIMED {
            let seconds = contestant.seconds(work);
            write!(
                text,
                " {} ({}) |",
                duration(seconds),
                times_of(seconds / times[0].seconds(work))
            )
            .unwrap();
        }
        let bytes = contestant.bytes.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string());
        let exact = match contestant.count(Work::Exact) {
            count if count == TEXTS as u64 => "yes".to_owned(),
            count => format!("{count} of {TEXTS}"),
        };
        let (calls, computed) =
            (contestant.count(Work::Stampede), contestant.count(Work::Duplicates));
        writeln!(text, " {calls} | {computed} | {bytes} | {exact} |").unwrap();
    }
    text
}

fn duration(seconds: f64) -> String {
    match seconds {
        _ if seconds < 1e-3 => format!("{:.1} µs", seconds * 1e6),
        _ if seconds < 1.0 => format!("{:.2} ms", seconds * 1e3),
        _ => format!("{seconds:.2} s"),
    }
}

fn times_of(ratio: f64) -> String {
    match ratio {
        _ if ratio < 10.0 => format!("{ratio:.2}"),
        _ => format!("{ratio:.0}"),
    }
}

/// Writes `compare.md`, `compare.csv` and `compare.svg`.
pub(crate) fn write(folder: &Path, table: &str, goals: &str, times: &[Times]) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("compare.md"), format!("{table}\n{goals}")).unwrap();
    std::fs::write(folder.join("compare.csv"), csv(times)).unwrap();
    std::fs::write(folder.join("compare.svg"), svg(times)).unwrap();
}

fn csv(times: &[Times]) -> String {
    let mut text = String::from("contestant,work,seconds,count\n");
    for contestant in times {
        let name = plain(&contestant.name);
        for (work, _) in TIMED {
            writeln!(text, "\"{name}\",{},{:e},", work.name(), contestant.seconds(work)).unwrap();
        }
        for work in [Work::Stampede, Work::Duplicates, Work::Exact] {
            writeln!(text, "\"{name}\",{},,{}", work.name(), contestant.count(work)).unwrap();
        }
        if let Some(bytes) = contestant.bytes {
            writeln!(text, "\"{name}\",bytes,,{bytes}").unwrap();
        }
    }
    text
}

fn plain(name: &str) -> String {
    name.replace(['*', '`'], "")
}

const ROW: usize = 24;
const LEFT: usize = 250;
const WIDE: f64 = 400.0;

/// Bars of a batch of hits, by the logarithm: a tenth of the width is the fastest.
fn svg(times: &[Times]) -> String {
    let seconds = |times: &Times| times.seconds(Work::Batch);
    let least = times.iter().map(seconds).fold(f64::INFINITY, f64::min);
    let most = times.iter().map(seconds).fold(0.0, f64::max);
    let height = times.len() * ROW + 40;
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"760\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"10\" y=\"20\">1000 cached vectors of 1536 dimensions read at once (logarithmic)</text>\n"
    );
    for (row, contestant) in times.iter().enumerate() {
        let took = seconds(contestant);
        let share = 0.1 + 0.9 * (took / least).ln() / (most / least).ln().max(f64::MIN_POSITIVE);
        let (top, width) = (30 + row * ROW, share * WIDE);
        let color = if contestant.name.contains("ours") { "#2a7" } else { "#999" };
        writeln!(
            text,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>\n\
             <rect x=\"{LEFT}\" y=\"{top}\" width=\"{width:.0}\" height=\"{}\" fill=\"{color}\"/>\n\
             <text x=\"{:.0}\" y=\"{}\">{}</text>",
            LEFT - 8,
            top + 14,
            plain(&contestant.name),
            ROW - 6,
            LEFT as f64 + width + 6.0,
            top + 14,
            duration(took),
        )
        .unwrap();
    }
    text.push_str("</svg>\n");
    text
}
