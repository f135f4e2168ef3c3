//! The command line's own texts, in the user's language.

use clap::{Arg, ArgAction, Command};

use crate::language::Language;
use crate::language::help::{
    self, ARGUMENTS, COMMAND, COMMANDS, COMMON_OPTIONS, EXIT_CODES, OPTIONS, USAGE,
};

/// The command with the help of the catalogue, in place of what the parser would say itself.
pub(super) fn localized(command: Command, language: Language) -> Command {
    let command = command
        .disable_help_flag(true)
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        .arg(Arg::new("help").long("help").short('h').global(true).action(ArgAction::Help))
        .arg(Arg::new("version").long("version").short('V').action(ArgAction::Version))
        .subcommand_help_heading(COMMANDS.in_language(language))
        .subcommand_value_name(COMMAND.in_language(language))
        .mut_args(|argument| described(argument, None, language))
        .mut_subcommands(|verb| localized_verb(verb, None, language));
    framed(command, "", language)
}

/// A verb with its own verbs: `session list` is called `session.list` in the catalogue.
fn localized_verb(verb: Command, above: Option<&str>, language: Language) -> Command {
    let name = verb.get_name();
    let name = above.map_or_else(|| name.to_owned(), |above| format!("{above}.{name}"));
    framed(verb, &name, language)
        .subcommand_help_heading(COMMANDS.in_language(language))
        .subcommand_value_name(COMMAND.in_language(language))
        .mut_args(|argument| described(argument, Some(&name), language))
        .mut_subcommands(|verb| localized_verb(verb, Some(&name), language))
}

fn framed(command: Command, name: &str, language: Language) -> Command {
    let template = match language {
        Language::English => "{about}\n\n{usage-heading} {usage}\n\n{all-args}{after-help}".into(),
        // Bold and underlined, as the parser has its own headings.
        Language::Korean => format!(
            "{{about}}\n\n\x1b[1m\x1b[4m{}\x1b[0m {{usage}}\n\n{{all-args}}{{after-help}}",
            USAGE.in_language(language)
        ),
    };
    command
        .about(help::help(name, language))
        .help_template(template)
        .after_help(EXIT_CODES.in_language(language))
}

fn described(argument: Arg, verb: Option<&str>, language: Language) -> Arg {
    let name = name_of(&argument, verb);
    let heading = match (argument.is_positional(), verb) {
        (true, _) => ARGUMENTS,
        (false, Some(_)) => OPTIONS,
        (false, None) => COMMON_OPTIONS,
    };
    let takes_values = argument.get_action().takes_values();
    argument
        .help(help::help(&name, language))
        .help_heading(heading.in_language(language))
        // The parser would say both in English; the catalogue does.
        .hide_default_value(takes_values)
        .hide_possible_values(takes_values)
}

/// What the catalogue calls an option of this verb, or of the program.
fn name_of(argument: &Arg, verb: Option<&str>) -> String {
    match (argument.get_id().as_str(), verb) {
        (id, None) => id.to_owned(),
        // They are the same with every verb about conversations.
        (id @ ("owner" | "tenant"), Some(verb)) if verb != "explain" => format!("whose.{id}"),
        ("name", Some(verb)) if verb.starts_with("index.") => "index.name".to_owned(),
        // They are the same whatever cache is taken over.
        (
            id @ ("from" | "as_model" | "dimensions" | "input" | "overwrite" | "dry_run"),
            Some(verb),
        ) if verb.starts_with("import.") => format!("import.{id}"),
        (id, Some(verb)) => format!("{verb}.{id}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;
    use crate::args::Arguments;

    /// Every name in the tree of commands, as the catalogue has it, with its help.
    fn texts(language: Language) -> Vec<(String, String)> {
        let root = localized(Arguments::command(), language);
        let mut texts = vec![(String::new(), about(&root))];
        texts.extend(root.get_arguments().map(|a| (a.get_id().to_string(), help(a))));
        root.get_subcommands().for_each(|verb| texts.extend(of_verb(verb, verb.get_name())));
        texts
    }

    fn of_verb(verb: &Command, name: &str) -> Vec<(String, String)> {
        let mut texts = vec![(name.to_owned(), about(verb))];
        texts.extend(verb.get_arguments().map(|a| (name_of(a, Some(name)), help(a))));
        for below in verb.get_subcommands() {
            texts.extend(of_verb(below, &format!("{name}.{}", below.get_name())));
        }
        texts
    }

    fn help(argument: &Arg) -> String {
        argument.get_help().map(ToString::to_string).unwrap_or_default()
    }

    fn about(command: &Command) -> String {
        command.get_about().map(ToString::to_string).unwrap_or_default()
    }

    #[test]
    fn everything_has_its_help_in_both_languages() {
        let (english, korean) = (texts(Language::English), texts(Language::Korean));
        assert!(english.len() > 75, "the whole tree was walked");
        for ((name, english), (_, korean)) in english.iter().zip(&korean) {
            assert!(!english.is_empty(), "{name:?} has no English help");
            assert!(!korean.is_empty(), "{name:?} has no Korean help");
            assert_ne!(english, korean, "{name:?} is not translated");
        }
    }

    #[test]
    fn the_catalogue_describes_nothing_that_is_gone() {
        let used: BTreeSet<_> =
            texts(Language::English).into_iter().map(|(name, _)| name).collect();
        for name in help::names() {
            assert!(used.contains(name), "the catalogue's {name:?} is neither command nor option");
        }
    }

    #[test]
    fn the_tree_is_sound_and_its_korean_help_holds_no_english_frame() {
        let mut command = localized(Arguments::command(), Language::Korean);
        command.clone().debug_assert();
        command.build();
        let mut verbs: Vec<_> = command.get_subcommands().cloned().collect();
        let below: Vec<_> = verbs.iter().flat_map(Command::get_subcommands).cloned().collect();
        verbs.extend(below);
        for mut verb in verbs {
            let help = verb.render_help().to_string();
            for english in ["Usage", "Options:", "Arguments", "default:", "possible values"] {
                assert!(!help.contains(english), "{}: {english}", verb.get_name());
            }
        }
    }
}
