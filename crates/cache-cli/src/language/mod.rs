//! The program's two languages. Everything that a person reads comes from here.

mod catalogue;
mod conversations;
mod errors;
mod findings;
pub(crate) mod help;
mod imports;
mod indexes;
mod messages;
mod metrics;
mod monitoring;
pub(crate) mod reference;
mod setup;
mod variables;

/// A language that the program speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Korean,
}

impl Language {
    /// The language of this code, as `--lang` takes it.
    pub(crate) fn from_code(code: &str) -> Option<Self> {
        match code {
            "en" => Some(Self::English),
            "ko" => Some(Self::Korean),
            _ => None,
        }
    }

    /// The language of the locale: the first variable that is set decides, in POSIX's order.
    pub(crate) fn from_locale(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set);
        match locale {
            Some(locale) if is_korean(&locale) => Self::Korean,
            _ => Self::English,
        }
    }
}

/// `ko`, `ko_KR.UTF-8`, `ko-KR`, but not `kok_IN` (Konkani).
fn is_korean(locale: &str) -> bool {
    let name = locale.split(['_', '-', '.', '@']).next().unwrap_or_default();
    name.eq_ignore_ascii_case("ko") || name.eq_ignore_ascii_case("kor")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(set: &[(&str, &str)]) -> Language {
        let value = |name: &str| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Language::from_locale(value)
    }

    #[test]
    fn the_first_variable_that_is_set_decides() {
        assert_eq!(with(&[]), Language::English);
        assert_eq!(with(&[("LANG", "ko_KR.UTF-8")]), Language::Korean);
        assert_eq!(with(&[("LANG", "ko"), ("LC_ALL", "C")]), Language::English);
        assert_eq!(with(&[("LANG", "C.UTF-8"), ("LC_MESSAGES", "ko-KR")]), Language::Korean);
        assert_eq!(with(&[("LANG", "ko_KR"), ("LC_ALL", "")]), Language::Korean);
        assert_eq!(with(&[("LANG", "kok_IN")]), Language::English);
    }
}
