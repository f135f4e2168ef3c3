//! Whether two English words are one word: in another form, or with a slip of the finger.

/// What may follow the beginning that two forms of a word have in common.
const ENDINGS: [&str; 34] = [
    "", "s", "es", "ed", "d", "e", "ing", "er", "ers", "or", "ors", "ly", "y", "ally", "al", "ion",
    "ions", "ation", "ations", "ment", "ments", "ness", "able", "en", "n", "an", "ar", "ic", "r",
    "ies", "ied", "is", "iz", "ic's",
];
/// Letters that two forms of one word have in common at the beginning.
const SAME_BEGINNING: usize = 4;
/// Shorter words with a slip are often other words.
const SLIPS: usize = 5;

/// Forms of one word, or the same with two letters exchanged, a letter doubled or not, or, of a long
/// word, one missing. One letter in another's place makes too many words of their own.
pub(super) fn one_word(one: &str, other: &str) -> bool {
    let (first, second): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let common = first.iter().zip(&second).take_while(|(a, b)| a == b).count();
    forms(&first, &second, common) || slip(&first, &second, common)
}

fn forms(first: &[char], second: &[char], common: usize) -> bool {
    let ends = |word: &[char]| {
        let rest: String = word[common..].iter().collect();
        ENDINGS.contains(&rest.as_str())
    };
    common >= SAME_BEGINNING && ends(first) && ends(second)
}

fn slip(first: &[char], second: &[char], common: usize) -> bool {
    let (shorter, longer) =
        if first.len() <= second.len() { (first, second) } else { (second, first) };
    if shorter.len() < SLIPS || common == 0 {
        return false;
    }
    let (rest, others) = (&shorter[common..], &longer[common..]);
    match longer.len() - shorter.len() {
        0 => matches!((rest, others), ([a, b, rest @ ..], [c, d, others @ ..])
            if a == d && b == c && rest == others),
        1 => {
            let missing = longer[common];
            let long_enough = shorter.len() > SLIPS && !rest.is_empty();
            rest == &others[1..] && (long_enough || longer[common - 1] == missing)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_and_slips() {
        for (one, other) in [
            ("wood", "wooden"),
            ("grass", "grassy"),
            ("found", "founder"),
            ("inform", "information"),
            ("password", "passwrod"),
            ("account", "acount"),
            ("subscription", "subscripton"),
        ] {
            assert!(one_word(one, other) && one_word(other, one), "{one} {other}");
        }
        for (one, other) in [
            ("austria", "australia"),
            ("contract", "contrast"),
            ("internal", "international"),
            ("univers", "university"),
            ("house", "horse"),
            ("niger", "nigeria"),
            ("right", "light"),
            ("produc", "product"),
        ] {
            assert!(!one_word(one, other) && !one_word(other, one), "{one} {other}");
        }
    }
}
