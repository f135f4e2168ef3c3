//! The page of all metrics.

use cache_metrics::{METRICS, Metric, MetricKind, MetricUnit, STATISTICS_GAUGES};
use caching_with_redis::{OBSERVED_METRICS, embedding, response};

use crate::language::Language;
use crate::language::reference::metrics as frame;
use crate::verbs::monitor;

/// A row of a table.
struct Row {
    names: Vec<String>,
    kind: MetricKind,
    unit: MetricUnit,
    labels: Vec<&'static str>,
    says: String,
}

impl From<&Metric> for Row {
    fn from(metric: &Metric) -> Self {
        let Metric { name, kind, unit, labels, description, .. } = *metric;
        let (names, labels) = (vec![name.to_owned()], labels.to_vec());
        Self { names, kind, unit, labels, says: description.to_owned() }
    }
}

pub(super) fn page(language: Language) -> String {
    let mut page = frame::HEAD.in_language(language).to_owned();
    let sections = [
        (frame::SERVERS, rows(&monitor::metrics())),
        (frame::EMBEDDINGS, statistics("embedding", embedding::Statistics::DESCRIPTIONS)),
        (frame::ANSWERS, statistics("response", response::Statistics::DESCRIPTIONS)),
        (frame::WRAPPERS, rows(METRICS)),
        (frame::OBSERVED, rows(OBSERVED_METRICS)),
    ];
    for (head, rows) in sections {
        page.push_str(head.in_language(language));
        page.push_str(frame::COLUMNS.in_language(language));
        for row in rows {
            page.push_str(&row.line(language));
        }
    }
    page.push_str(frame::VALUES.in_language(language));
    for line in values() {
        page.push_str(&line);
    }
    page
}

fn rows(metrics: &[Metric]) -> Vec<Row> {
    metrics.iter().map(Row::from).collect()
}

/// What [`Publisher::statistics`](cache_metrics::Publisher::statistics) makes of a service's counts:
/// under one name those of all processes, under another those of one.
fn statistics(service: &str, counts: &[(&str, &str)]) -> Vec<Row> {
    let row = |name: &str, kind, unit, says: String| Row {
        names: vec![format!("cache_{service}_{name}"), format!("cache_process_{service}_{name}")],
        kind,
        unit,
        labels: vec!["namespace"],
        says,
    };
    // Amounts of money become gauges.
    let counts = counts.iter().filter(|(name, _)| !name.starts_with("picodollars_"));
    let counts = counts.map(|(name, says)| {
        row(&format!("{name}_total"), MetricKind::Counter, unit(name), plain(says))
    });
    let gauges = STATISTICS_GAUGES.into_iter();
    let gauges =
        gauges.map(|(name, unit, says)| row(name, MetricKind::Gauge, unit, says.to_owned()));
    gauges.chain(counts).collect()
}

fn unit(count: &str) -> MetricUnit {
    match count {
        name if name.starts_with("micros_") || name.ends_with("_micros") => {
            MetricUnit::Microseconds
        }
        name if name.ends_with("_bytes") => MetricUnit::Bytes,
        _ => MetricUnit::Count,
    }
}

/// A description in rustdoc's Markdown as a text in one line: links keep their words.
fn plain(markdown: &str) -> String {
    let mut parts = markdown.split('[');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (words, rest) = part.split_once(']').unwrap_or((part, ""));
        plain.push_str(words);
        let target = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        plain.push_str(target.map_or(rest, |(_, after)| after));
    }
    let words: Vec<_> = plain.split_whitespace().collect();
    words.join(" ").trim_end_matches('.').to_owned()
}

impl Row {
    fn line(&self, language: Language) -> String {
        let (kind, unit) = (self.kind.as_str(), self.unit.as_str());
        let says = language.of_metric(&self.says);
        format!("| {} | {kind} | {unit} | {} | {says} |\n", code(&self.names), code(&self.labels))
    }
}

fn code(words: &[impl AsRef<str>]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("`{}`", word.as_ref())).collect();
    words.join(", ")
}

/// The values of labels that have a fixed list of them, a row for each list.
fn values() -> Vec<String> {
    let mut lists: Vec<(&str, Vec<&str>, Vec<&str>)> = Vec::new();
    for metric in METRICS {
        for label in metric.labels {
            let values = metric.values(label);
            match lists.iter_mut().find(|(known, _, of)| known == label && *of == values) {
                _ if values.is_empty() => {}
                Some((_, metrics, _)) => metrics.push(metric.name),
                None => lists.push((label, vec![metric.name], values)),
            }
        }
    }
    let line = |(label, metrics, values): (&str, Vec<&str>, Vec<&str>)| {
        format!("| `{label}` | {} | {} |\n", code(&metrics), code(&values))
    };
    lists.into_iter().map(line).collect()
}

/// The English side of everything that the page says of a metric.
#[cfg(test)]
pub(crate) fn descriptions() -> Vec<String> {
    let of_services = [embedding::Statistics::DESCRIPTIONS, response::Statistics::DESCRIPTIONS];
    let of_services = of_services.into_iter().flat_map(|counts| statistics("any", counts));
    let metrics = rows(&[&monitor::metrics()[..], METRICS, OBSERVED_METRICS].concat());
    metrics.into_iter().chain(of_services).map(|row| row.says).collect()
}
