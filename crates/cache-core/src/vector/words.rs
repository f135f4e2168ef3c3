//! What the words of a text are.

/// The words of a text: its longest runs of letters and digits of any script, in lower case, in
/// their order. `Not-found: 재시도 2` has `not`, `found`, `재시도`, `2`. There is no stemming, and no
/// word is too common to count.
///
/// Every store asks by these words, so that a filter means the same in each. A store whose own text
/// search cuts texts otherwise keeps the words as tags.
pub fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        let found: Vec<_> = words("Not-found: 재시도 2, {TAG|x_y} É").collect();
        assert_eq!(found, ["not", "found", "재시도", "2", "tag", "x", "y", "é"]);
        assert_eq!(words(" -|,{}\"' ").count(), 0);
    }
}
