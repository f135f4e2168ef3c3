//! How people are shown a look.

use std::io::{self, IsTerminal};

use super::report::{Cache, Command, Figures, Node, Report, Store};
use super::table;
use crate::failure::Failure;
use crate::figures::{bytes, count, dollars, one_line, percent, span};
use crate::language::Language;
use crate::output::Output;

/// What there is no number of.
const NOTHING: &str = "-";

/// Shows looks: on a terminal each in the place of the last, elsewhere one below the other.
pub(super) struct Screen {
    output: Output,
    in_place: bool,
    shown: bool,
}

impl Screen {
    pub(super) fn new(output: Output, again_and_again: bool) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
        let in_place = again_and_again && !output.json && !dumb && io::stdout().is_terminal();
        Self { output, in_place, shown: false }
    }

    pub(super) fn show(&mut self, report: &Report) -> Result<(), Failure> {
        if self.output.json {
            return self.output.object(report);
        }
        let lines = lines(report, self.output.language);
        let first = !std::mem::replace(&mut self.shown, true);
        if self.in_place {
            return self.output.text(&frame(&lines, first));
        }
        let gap = if first { "" } else { "\n" };
        self.output.text(&format!("{gap}{}\n", lines.join("\n")))
    }
}

/// The lines over those of the last frame; what that had more is wiped.
fn frame(lines: &[String], first: bool) -> String {
    let start = if first { "\x1b[2J\x1b[H" } else { "\x1b[H" };
    let lines: String = lines.iter().map(|line| format!("{line}\x1b[K\n")).collect();
    format!("{start}{lines}\x1b[J")
}

fn lines(report: &Report, language: Language) -> Vec<String> {
    let mut lines = vec![language.watching(report.backend, &report.location, &report.namespace)];
    let tables =
        [nodes(report, language), commands(&report.commands, language), caches(report, language)];
    for table in tables.into_iter().filter(|rows| rows.len() > 1) {
        lines.push(String::new());
        lines.extend(table::lines(&table));
    }
    lines.extend(report.nodes.iter().filter_map(silent));
    lines
}

/// A node that says nothing.
fn silent(node: &Node) -> Option<String> {
    Some(format!("{}: {}", node.node, one_line(node.error.as_deref()?)))
}

fn nodes(report: &Report, language: Language) -> Vec<Vec<String>> {
    if let Some(store) = &report.store {
        return of_store(store, language);
    }
    let mut rows = vec![vec![
        language.column_node(),
        language.column_role(),
        language.label_memory(),
        language.label_hit_rate(),
        language.column_ops(),
        language.column_evicted(),
        language.column_expired(),
        language.column_clients(),
    ]];
    let answering = report.nodes.iter().filter_map(|node| Some((node, node.figures.as_ref()?)));
    rows.extend(answering.map(|(node, figures)| {
        vec![
            node.node.clone(),
            role(figures, language),
            memory(Some(figures.used_bytes), figures.max_bytes),
            part(figures.hit_ratio),
            rate(Some(figures.ops_per_second)),
            rate(figures.evicted_per_second),
            rate(figures.expired_per_second),
            count(figures.clients),
        ]
    }));
    rows
}

fn of_store(store: &Store, language: Language) -> Vec<Vec<String>> {
    let heading = vec![language.label_server(), language.label_memory(), language.label_eviction()];
    let policy = store.eviction_policy.clone().unwrap_or_else(|| NOTHING.to_owned());
    let server = format!("{} {}", store.server, store.version);
    vec![heading, vec![server, memory(store.used_bytes, store.max_bytes), policy]]
}

fn role(figures: &Figures, language: Language) -> String {
    match (figures.link_up, figures.behind_bytes) {
        (None, _) => language.role_primary(),
        (Some(false), _) => language.role_cut_off(),
        (Some(true), Some(behind)) if behind > 0 => language.role_behind(&bytes(behind)),
        (Some(true), _) => language.role_replica(),
    }
}

fn memory(used: Option<u64>, limit: Option<u64>) -> String {
    match (used.map(bytes), limit.map(bytes)) {
        (Some(used), Some(limit)) => format!("{used} / {limit}"),
        (Some(used), None) => used,
        (None, _) => NOTHING.to_owned(),
    }
}

fn commands(commands: &[Command], language: Language) -> Vec<Vec<String>> {
    let mut rows = vec![vec![
        language.column_command(),
        language.column_share(),
        language.column_calls(),
        language.column_per_call(),
        language.column_failed(),
    ]];
    rows.extend(commands.iter().map(|command| {
        vec![
            command.name.clone(),
            percent(command.share),
            count(command.calls),
            span(std::time::Duration::from_micros(command.micros_per_call)),
            count(command.failed),
        ]
    }));
    rows
}

fn caches(report: &Report, language: Language) -> Vec<Vec<String>> {
    let row = |name: String, cache: &Cache| {
        vec![
            name,
            part(cache.hit_ratio),
            part(cache.recent_hit_ratio),
            count(cache.hits),
            count(cache.misses),
            count(cache.tokens_saved),
            dollars(cache.saved_usd),
        ]
    };
    vec![
        vec![
            language.column_cache(),
            language.label_hit_rate(),
            language.column_recent(),
            language.label_hits(),
            language.label_misses(),
            language.label_tokens_saved(),
            language.column_money_saved(),
        ],
        row(language.section_embeddings(), &report.embeddings),
        row(language.section_responses(), &report.responses),
    ]
}

fn part(part: Option<f64>) -> String {
    part.map_or_else(|| NOTHING.to_owned(), percent)
}

/// Whole numbers where they are large enough.
fn rate(rate: Option<f64>) -> String {
    match rate {
        Some(rate) if rate >= 10.0 || rate == 0.0 => format!("{rate:.0}"),
        Some(rate) => format!("{rate:.1}"),
        None => NOTHING.to_owned(),
    }
}
