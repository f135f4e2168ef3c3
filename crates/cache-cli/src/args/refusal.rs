//! A command line that asks for help, or that cannot be run.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::language::Language;
use crate::language::help::OPTIONS_IN_USAGE;

/// What there is to say in place of running a command.
#[derive(Debug)]
pub(crate) struct Refusal(pub(super) clap::Error);

/// Help with the one text of the parser that cannot be replaced beforehand.
pub(crate) fn usage_in(help: &str, language: Language) -> String {
    let english = OPTIONS_IN_USAGE.in_language(Language::English);
    help.replace(english, OPTIONS_IN_USAGE.in_language(language))
}

impl Refusal {
    /// The help or version that was asked for; `None` when the command line is wrong.
    pub(crate) fn wanted(&self, language: Language, color: bool) -> Option<String> {
        if self.0.use_stderr() {
            return None;
        }
        let text = self.0.render();
        let text = if color { text.ansi().to_string() } else { text.to_string() };
        Some(usage_in(&text, language))
    }

    /// What is wrong, and what to do, in one line.
    pub(crate) fn message(&self, language: Language) -> String {
        let mut parts = vec![self.what(language)];
        if let Some(choices) = self.choices() {
            parts.push(language.choose_from(&choices));
        }
        if let Some(suggestion) = self.suggestion() {
            parts.push(language.did_you_mean(&suggestion));
        }
        if parts.len() == 1 {
            parts.push(language.see_help());
        }
        parts.join("; ")
    }

    fn what(&self, language: Language) -> String {
        let argument = self.text(ContextKind::InvalidArg).unwrap_or_default();
        let value = self.text(ContextKind::InvalidValue).unwrap_or_default();
        match self.0.kind() {
            ErrorKind::UnknownArgument => language.unknown_argument(&argument),
            ErrorKind::InvalidSubcommand => {
                let verb = self.text(ContextKind::InvalidSubcommand);
                language.unknown_verb(&verb.unwrap_or_default())
            }
            ErrorKind::InvalidValue if value.is_empty() => language.missing_value(&argument),
            ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
                language.bad_value(&argument, &value)
            }
            ErrorKind::MissingRequiredArgument => language.missing_arguments(&argument),
            ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                language.missing_verb()
            }
            ErrorKind::ArgumentConflict => {
                let other = self.text(ContextKind::PriorArg).unwrap_or_default();
                language.conflicting_arguments(&argument, &other)
            }
            ErrorKind::InvalidUtf8 => language.not_unicode(),
            _ => language.unreadable_command_line(),
        }
    }

    fn choices(&self) -> Option<String> {
        self.text(ContextKind::ValidValue)
    }

    fn suggestion(&self) -> Option<String> {
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand]
            .into_iter()
            .find_map(|kind| self.text(kind))
    }

    fn text(&self, kind: ContextKind) -> Option<String> {
        match self.0.get(kind)? {
            ContextValue::String(text) => Some(text.clone()),
            ContextValue::Strings(texts) if !texts.is_empty() => Some(texts.join(", ")),
            _ => None,
        }
    }
}
