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
        .mut_subcommands(|verb| {
            let name = verb.get_name().to_owned();
            framed(verb, &name, language)
                .mut_args(|argument| described(argument, Some(&name), language))
        });
    framed(command, "", language)
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
    let id = argument.get_id().as_str();
    let name = verb.map_or_else(|| id.to_owned(), |verb| format!("{verb}.{id}"));
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;
    use crate::args::Arguments;

    /// Every name in the tree of commands, as the catalogue has it, with its help.
    fn texts(language: Language) -> Vec<(String, String)> {
        let root = localized(Arguments::command(), language);
        let help = |a: &Arg| a.get_help().map(ToString::to_string).unwrap_or_default();
        let about = |c: &Command| c.get_about().map(ToString::to_string).unwrap_or_default();
        let mut texts = vec![(String::new(), about(&root))];
        texts.extend(root.get_arguments().map(|a| (a.get_id().to_string(), help(a))));
        for verb in root.get_subcommands() {
            texts.push((verb.get_name().to_owned(), about(verb)));
            let name = |a: &Arg| format!("{}.{}", verb.get_name(), a.get_id());
            texts.extend(verb.get_arguments().map(|a| (name(a), help(a))));
        }
        texts
    }

    #[test]
    fn everything_has_its_help_in_both_languages() {
        let (english, korean) = (texts(Language::English), texts(Language::Korean));
        assert!(english.len() > 35, "the whole tree was walked");
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
        for verb in command.get_subcommands_mut() {
            let help = verb.render_help().to_string();
            for english in ["Usage", "Options:", "Arguments", "default:", "possible values"] {
                assert!(!help.contains(english), "{}: {english}", verb.get_name());
            }
        }
    }
}
