//! The name that a misspelt one was meant to be.

/// The known name that is nearest to one that is not known, where one is near.
pub(super) fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let near = known.map(|known| (strsim::damerau_levenshtein(name, known), known));
    let (distance, nearest) = near.min_by_key(|(distance, _)| *distance)?;
    (distance <= name.chars().count().div_ceil(4)).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_near_and_another_word_is_not() {
        let known = || ["semantic", "semantic_threshold", "ttl"].into_iter();
        assert_eq!(nearest("semantic_treshold", known()), Some("semantic_threshold"));
        assert_eq!(nearest("tll", known()), Some("ttl"));
        assert_eq!(nearest("memory", known()), None);
        assert_eq!(nearest("", known()), None);
    }
}
