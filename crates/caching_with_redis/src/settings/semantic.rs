//! Settings of the semantic stage: thresholds as they are written, and whether all of them can be.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use cache_core::Namespace;
use cache_core::vector::{IndexName, Similarity};
use serde::de::{Deserialize, Deserializer, Error as _};

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

/// What stands between commas.
pub(super) fn parts(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}

impl<'de> Deserialize<'de> for Thresholds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

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
    if settings.semantic != SemanticChoice::Off && !cfg!(feature = "responses") {
        let message = "this program was built without caches of answers: build it with the feature \
                       `responses` of caching_with_redis";
        return Err(SettingsError::of("semantic", message));
    }
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
}
