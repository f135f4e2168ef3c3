//! The commands of the pages, run.

use std::collections::HashSet;

use super::names;
use super::pages::{Block, Page, pages};
use super::rules::{How, RULES, rule};
use super::stage::Stage;

/// A command as it stands in a block.
pub(super) struct Command {
    /// What the shell is given.
    pub(super) line: String,
    /// Its words, without quotes, comments and the assignments before it.
    pub(super) words: Vec<String>,
    /// What it prints, in a block that shows that.
    shows: Vec<String>,
}

impl Command {
    fn new(line: String) -> Self {
        let words = words(&line);
        let assignments = words.iter().take_while(|word| is_assignment(word)).count();
        Self { words: words[assignments..].to_vec(), line, shows: Vec::new() }
    }
}

#[test]
fn what_the_english_pages_tell_to_type_works() {
    run_those_of(|page| !page.is_korean());
}

#[test]
fn what_the_korean_pages_tell_to_type_works() {
    run_those_of(Page::is_korean);
}

fn run_those_of(wanted: impl Fn(&Page) -> bool) {
    let mut count = 0;
    for page in pages().iter().filter(|page| wanted(page)) {
        let mut stage = None;
        for block in page.blocks() {
            for command in commands(&block) {
                let (_, how) = rule(&command.words).unwrap_or_else(|| unknown(&block, &command));
                if let How::Name(why_not_run) = how {
                    names::check(&format!("{} ({why_not_run})", block.place), &command.words);
                } else {
                    let stage = stage.get_or_insert_with(|| Stage::new(page.is_korean()));
                    let printed = stage.run(&block.place, &command, how);
                    assert_shown(&block, &command, &printed);
                }
                count += 1;
            }
            // Each block is a shell of its own.
            if let Some(stage) = &mut stage {
                stage.forget_exports();
            }
        }
    }
    assert!(count > 10, "the pages have commands");
}

fn unknown(block: &Block, command: &Command) -> ! {
    panic!(
        "{}: nothing says how to try `{}`: give it a rule in tests/cli/documents/rules.rs",
        block.place, command.line
    )
}

#[test]
fn every_rule_is_of_a_command_that_is_there() {
    let blocks: Vec<_> = pages().iter().flat_map(Page::blocks).collect();
    let commands = blocks.iter().flat_map(commands);
    let used: HashSet<_> = commands.filter_map(|it| Some(rule(&it.words)?.0)).collect();
    for (begins, _) in RULES {
        assert!(used.contains(begins), "no page has a command `{begins}` any more");
    }
}

/// The commands of a block, none where it is no block of commands.
fn commands(block: &Block) -> Vec<Command> {
    match block.language.as_str() {
        "sh" => {
            let joined = block.text.replace("\\\n", " ");
            let lines = joined.lines().map(str::trim);
            let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
            lines.map(|line| Command::new(line.to_owned())).collect()
        }
        "console" => {
            let mut commands: Vec<Command> = Vec::new();
            for line in block.text.lines() {
                match line.strip_prefix("$ ") {
                    Some(line) => commands.push(Command::new(line.to_owned())),
                    None => {
                        let before = commands.last_mut();
                        let before =
                            before.unwrap_or_else(|| panic!("{}: no command", block.place));
                        before.shows.push(line.to_owned());
                    }
                }
            }
            commands
        }
        _ => Vec::new(),
    }
}

/// The lines that are shown are printed, one after the other. Numbers, sizes and times may be others;
/// `…` stands for any lines.
#[track_caller]
fn assert_shown(block: &Block, command: &Command, printed: &str) {
    let mut lines = printed.lines().map(shape).filter(|line| !line.is_empty()).peekable();
    let mut skip = false;
    for shown in command.shows.iter().filter(|line| !line.trim().is_empty()) {
        if shown.trim() == "…" {
            skip = true;
            continue;
        }
        let wanted = shape(shown);
        let found = if skip {
            lines.any(|line| line == wanted)
        } else {
            lines.next_if_eq(&wanted).is_some()
        };
        assert!(
            found,
            "{}: `{}` does not print\n{shown}\nbut\n{printed}",
            block.place, command.line
        );
        skip = false;
    }
    let shows_all = !command.shows.is_empty() && !skip;
    assert!(!shows_all || lines.next().is_none(), "{}: it prints more:\n{printed}", block.place);
}

const UNITS: [&str; 8] = ["ns", "µs", "ms", "s", "B", "KiB", "MiB", "GiB"];

/// A line without what differs from run to run: numbers with their units, hashes, the spaces between.
fn shape(line: &str) -> String {
    let words = line.split_whitespace().map(|word| {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        let bare = word.trim_matches(|c: char| c.is_ascii_punctuation());
        match UNITS.contains(&bare) {
            true => String::new(),
            false if digits > 0 => "#".to_owned(),
            false => word.to_owned(),
        }
    });
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// `NAME=value`, as it may stand before a command.
fn is_assignment(word: &str) -> bool {
    let name = word.split_once('=').map(|(name, _)| name);
    name.is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// The words of a command line. What a shell would put in the place of `$(…)` and `$NAME` stays as it
/// is written.
pub(super) fn words(line: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let (mut quote, mut depth) = (None, 0_usize);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, _) if c.is_whitespace() && depth == 0 => words.extend(word.take()),
            _ => {
                match c {
                    '(' => depth += 1,
                    ')' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                word.get_or_insert_default().push(c);
            }
        }
    }
    words.extend(word);
    words
}

#[test]
fn words_are_those_of_a_shell() {
    let line = r#"A=$(b c) export "d e"='f' # g"#;
    assert_eq!(words(line), ["A=$(b c)", "export", "d e=f"]);
    assert_eq!(Command::new(line.to_owned()).words, ["export", "d e=f"]);
}
