//! What the metrics say. In English their own lists say it; whoever changes a text there changes its
//! Korean side too, which is found by it.

mod services;
mod stores;

use super::Language;

impl Language {
    /// What a metric says.
    pub(crate) fn of_metric(self, english: &str) -> &str {
        match self {
            Self::English => english,
            Self::Korean => korean(english).unwrap_or(english),
        }
    }
}

fn all() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    services::KOREAN.iter().chain(stores::KOREAN)
}

fn korean(english: &str) -> Option<&'static str> {
    all().find(|(known, _)| *known == english).map(|(_, korean)| *korean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::catalogue::has_hangul;
    use crate::verbs::descriptions_of_metrics;

    #[test]
    fn every_metric_has_a_korean_side_and_none_is_gone() {
        let used = descriptions_of_metrics();
        for english in &used {
            let korean =
                korean(english).unwrap_or_else(|| panic!("{english:?} has no Korean side"));
            assert!(has_hangul(korean), "{english}: {korean}");
        }
        for (english, _) in all() {
            assert!(used.iter().any(|used| used == english), "nothing says {english:?} any more");
        }
    }
}
