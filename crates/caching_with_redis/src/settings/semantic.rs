//! Settings of the semantic stage: thresholds and guards as they are written.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use cache_core::Namespace;
use cache_core::vector::{IndexName, Similarity};
use response_cache::semantic::{Guard, Guards};
use serde::de::{Deserialize, Deserializer, Error as _};

use super::nearest::nearest;
use super::{SemanticChoice, Settings, SettingsError};

/// What is less is a distance, or lets most wrong answers pass.
const LEAST_THRESHOLD: f32 = 0.5;

/// How similar two questions must be to share an answer, by namespace: `0.83`, or
/// `shop=0.9, faq=0.8`, or one for all others before or behind those.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Thresholds {
    others: Option<Similarity>,
    by_namespace: BTreeMap<String, Similarity>,
}

impl Thresholds {
    /// That of a namespace; `None` where there is none.
    #[must_use]
    pub fn of(&self, namespace: &str) -> Option<Similarity> {
        self.by_namespace.get(namespace).copied().or(self.others)
    }
}

impl FromStr for Thresholds {
    type Err = SettingsError;

    fn from_str(text: &str) -> Result<Self, SettingsError> {
        let mut thresholds = Self::default();
        for part in parts(text) {
            let (namespace, number) = match part.split_once('=') {
                Some((namespace, number)) => (Some(namespace.trim()), number.trim()),
                None => (None, part),
            };
            let threshold = threshold(number)?;
            let before = match namespace {
                None => thresholds.others.replace(threshold),
                Some(namespace) => {
                    Namespace::new(namespace)
                        .map_err(|error| SettingsError::new(error.to_string()))?;
                    thresholds.by_namespace.insert(namespace.to_owned(), threshold)
                }
            };
            if before.is_some() {
                let whose = namespace.unwrap_or("other namespaces");
                return Err(SettingsError::new(format!("{whose}: there are two thresholds")));
            }
        }
        Ok(thresholds)
    }
}

fn threshold(text: &str) -> Result<Similarity, SettingsError> {
    let number = text.parse::<f32>().ok().filter(|number| *number >= LEAST_THRESHOLD);
    number.and_then(|number| Similarity::new(number).ok()).ok_or_else(|| {
        SettingsError::new(format!(
            "{text:?} is no threshold: it is a similarity from {LEAST_THRESHOLD} to 1, or \
             namespace=similarity, with commas between"
        ))
    })
}

/// Which guards stand before an answer: `all`, `none`, those that are named, or all but those behind a
/// minus sign: `-additions, -substitution`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GuardChoice(pub Guards);

impl FromStr for GuardChoice {
    type Err = SettingsError;

    fn from_str(text: &str) -> Result<Self, SettingsError> {
        let mut chosen = match parts(text).next() {
            Some(first) if !first.starts_with('-') => Vec::new(),
            _ => Guard::ALL.to_vec(),
        };
        for part in parts(text) {
            match part.strip_prefix('-') {
                _ if part == "all" => chosen = Guard::ALL.to_vec(),
                _ if part == "none" => chosen.clear(),
                Some(name) => {
                    let out = guard(name.trim())?;
                    chosen.retain(|guard| *guard != out);
                }
                None => chosen.push(guard(part)?),
            }
        }
        let left_out = Guard::ALL.into_iter().filter(|guard| !chosen.contains(guard));
        Ok(Self(left_out.fold(Guards::all(), Guards::without)))
    }
}

impl fmt::Display for GuardChoice {
    /// As settings have it, the shortest way.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |has: bool, sign: &str| {
            let these = Guard::ALL.into_iter().filter(|guard| self.0.has(*guard) == has);
            these.map(|guard| format!("{sign}{}", guard.as_str())).collect::<Vec<_>>()
        };
        let (chosen, left_out) = (names(true, ""), names(false, "-"));
        match (chosen.len(), left_out.len()) {
            (_, 0) => f.write_str("all"),
            (0, _) => f.write_str("none"),
            (chosen_ones, others) if chosen_ones < others => f.write_str(&chosen.join(",")),
            _ => f.write_str(&left_out.join(",")),
        }
    }
}

fn guard(name: &str) -> Result<Guard, SettingsError> {
    let found = Guard::ALL.into_iter().find(|guard| guard.as_str() == name);
    found.ok_or_else(|| {
        let names = Guard::ALL.map(Guard::as_str);
        let meant = nearest(name, names.into_iter());
        let meant = meant.map(|meant| format!("did you mean {meant}? ")).unwrap_or_default();
        SettingsError::new(format!(
            "{name:?} is no guard: {meant}choose from all, none, {}",
            names.join(", ")
        ))
    })
}

/// What stands between commas.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// Reads a type by its `FromStr`, from whatever stands there.
macro_rules! read_from_text {
    ($($name:ident),+) => {
        $(impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        })+
    };
}

read_from_text!(Thresholds, GuardChoice);

pub(super) fn default_candidates() -> usize {
    4
}

pub(super) fn default_index() -> String {
    "questions".to_owned()
}

/// Whether the stage can be made of these settings.
pub(super) fn check(settings: &Settings) -> Result<(), SettingsError> {
    if !(1..=100).contains(&settings.semantic_candidates) {
        let message = "1 to 100 questions are looked at";
        return Err(SettingsError::of("semantic_candidates", message));
    }
    if settings.semantic_budget.is_some_and(|budget| budget.0 == Duration::ZERO) {
        let message = "embedding and search need some time";
        return Err(SettingsError::of("semantic_budget", message));
    }
    // The dimensions of the vectors follow.
    IndexName::new(Namespace::default(), &format!("{}-65536", settings.semantic_index))
        .map_err(|error| SettingsError::of("semantic_index", error))?;
    let threshold = settings.semantic_threshold.of(&settings.namespace);
    if settings.semantic != SemanticChoice::Off && threshold.is_none() {
        let message = format!(
            "CACHE_SEMANTIC is set, and the namespace {} has no threshold: it depends on the model \
             and on the questions, see docs/semantic-cache.md",
            settings.namespace
        );
        return Err(SettingsError::of("semantic_threshold", message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn similarity(cosine: f32) -> Similarity {
        Similarity::new(cosine).unwrap()
    }

    #[test]
    fn namespaces_have_thresholds_of_their_own() {
        let thresholds: Thresholds = "0.83, shop=0.9,faq = 0.8".parse().unwrap();
        for (namespace, threshold) in [("shop", 0.9), ("faq", 0.8), ("cache", 0.83)] {
            assert_eq!(thresholds.of(namespace), Some(similarity(threshold)));
        }
        assert_eq!("shop=0.9".parse::<Thresholds>().unwrap().of("cache"), None);
        for (wrong, part) in [
            ("0.2", "0.5 to 1"),
            ("1.2", "0.5 to 1"),
            ("nan", "0.5 to 1"),
            ("high", "0.5 to 1"),
            ("a:b=0.9", "namespace"),
            ("0.8,0.9", "two thresholds"),
            ("a=0.8,a=0.9", "two thresholds"),
        ] {
            let error = wrong.parse::<Thresholds>().unwrap_err().to_string();
            assert!(error.contains(part), "{wrong}: {error}");
        }
    }

    #[test]
    fn guards_are_chosen_or_left_out() {
        let all = Guards::all();
        for (text, guards, shown) in [
            ("", all, "all"),
            ("all", all, "all"),
            ("none", Guards::none(), "none"),
            ("-additions", all.without(Guard::Additions), "-additions"),
            (
                "all, -order,-names",
                all.without(Guard::Names).without(Guard::Order),
                "-names,-order",
            ),
        ] {
            let choice: GuardChoice = text.parse().unwrap();
            assert_eq!((choice.0, choice.to_string().as_str()), (guards, shown), "{text}");
            assert_eq!(choice.to_string().parse::<GuardChoice>().unwrap(), choice);
        }
        let two: GuardChoice = "dates,numbers".parse().unwrap();
        assert!(two.0.has(Guard::Dates) && two.0.has(Guard::Numbers) && !two.0.has(Guard::Names));
        assert_eq!(two.to_string(), "dates,numbers");
        let error = "-numers".parse::<GuardChoice>().unwrap_err().to_string();
        assert!(error.contains("did you mean numbers?") && error.contains("opposites"), "{error}");
    }
}
