//! Pages of the documentation, in Markdown.

use caching_with_redis::settings::VARIABLES;
use clap::Command;
use clap::builder::Resettable;

use crate::args::{Page, usage_in};
use crate::language::Language;
use crate::language::reference::{CLI, CONFIGURATION};

pub(super) fn page(command: Command, page: Page, language: Language) -> String {
    match page {
        Page::Cli => cli(command, language),
        Page::Configuration => configuration(language),
        Page::Metrics => super::metrics::page(language),
    }
}

/// The help of the program and of every verb, as a reader of `--help` sees it.
fn cli(mut command: Command, language: Language) -> String {
    command.build();
    let mut text = CLI.in_language(language).to_owned();
    add(&mut text, &command, language);
    text
}

fn add(text: &mut String, command: &Command, language: Language) {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let help = usage_in(&command.clone().render_help().to_string(), language);
    // The parser pads lines to align them.
    let help: Vec<_> = help.lines().map(str::trim_end).collect();
    text.push_str(&format!("\n## `{name}`\n\n```text\n{}\n```\n", help.join("\n").trim_end()));
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        add(text, &without_common_parts(verb), language);
    }
}

/// The command without what is the same of every command.
fn without_common_parts(command: &Command) -> Command {
    let hidden = command.clone().after_help(Resettable::Reset);
    hidden.mut_args(|argument| {
        let common = argument.is_global_set();
        argument.hide(common)
    })
}

fn configuration(language: Language) -> String {
    let mut text = CONFIGURATION.in_language(language).to_owned();
    for known in VARIABLES {
        let (variable, key, meaning) = (known.variable, known.key, language.meaning(known));
        text.push_str(&format!("| `{variable}` | `{key}` | {} |\n", meaning.replace('|', "\\|")));
    }
    text
}
