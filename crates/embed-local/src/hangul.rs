//! Hangul by arithmetic, as chapter 3.12 of the Unicode standard lays it down.

const SYLLABLES: u32 = 0xac00;
const LEADING: u32 = 0x1100;
const VOWELS: u32 = 0x1161;
/// One before the first trailing consonant: zero stands for none.
const TRAILING: u32 = 0x11a7;
const LEADING_COUNT: u32 = 19;
const VOWEL_COUNT: u32 = 21;
const TRAILING_COUNT: u32 = 28;
const SYLLABLE_COUNT: u32 = LEADING_COUNT * VOWEL_COUNT * TRAILING_COUNT;

/// Whether it is a whole syllable.
pub(crate) fn is_syllable(c: char) -> bool {
    index(c, SYLLABLES, SYLLABLE_COUNT).is_some()
}

/// The syllable that two characters make, if they make one: a leading consonant with a vowel, or
/// a syllable without trailing consonant with one.
pub(crate) fn compose(first: char, second: char) -> Option<char> {
    let lead_and_vowel = || {
        let lead = index(first, LEADING, LEADING_COUNT)?;
        let vowel = index(second, VOWELS, VOWEL_COUNT)?;
        char::from_u32(SYLLABLES + (lead * VOWEL_COUNT + vowel) * TRAILING_COUNT)
    };
    let open_and_trail = || {
        let open = index(first, SYLLABLES, SYLLABLE_COUNT)?;
        let trail = index(second, TRAILING, TRAILING_COUNT).filter(|trail| *trail > 0)?;
        (open % TRAILING_COUNT == 0).then(|| char::from_u32(SYLLABLES + open + trail))?
    };
    lead_and_vowel().or_else(open_and_trail)
}

/// The two or three jamo of a syllable; none of another character.
pub(crate) fn decompose(syllable: char) -> impl Iterator<Item = char> {
    let index = index(syllable, SYLLABLES, SYLLABLE_COUNT);
    let parts = index.map(|index| {
        let trail = index % TRAILING_COUNT;
        [
            Some(LEADING + index / (VOWEL_COUNT * TRAILING_COUNT)),
            Some(VOWELS + index / TRAILING_COUNT % VOWEL_COUNT),
            (trail > 0).then_some(TRAILING + trail),
        ]
    });
    parts.into_iter().flatten().flatten().filter_map(char::from_u32)
}

fn index(c: char, start: u32, count: u32) -> Option<u32> {
    u32::from(c).checked_sub(start).filter(|index| *index < count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_syllable_comes_apart_and_together() {
        for code in SYLLABLES..SYLLABLES + SYLLABLE_COUNT {
            let syllable = char::from_u32(code).unwrap();
            assert!(is_syllable(syllable));
            let jamo: Vec<char> = decompose(syllable).collect();
            let whole = jamo.into_iter().reduce(|a, b| compose(a, b).unwrap());
            assert_eq!(whole, Some(syllable));
        }
        assert_eq!(decompose('한').collect::<String>(), "\u{1112}\u{1161}\u{11ab}");
    }

    #[test]
    fn other_characters_are_left_alone() {
        assert_eq!(compose('a', 'b'), None);
        assert_eq!(compose('각', '\u{11a8}'), None, "there is a trailing consonant already");
        assert_eq!(compose('가', '\u{11a7}'), None, "not a trailing consonant");
        assert_eq!(compose('\u{1100}', '\u{1100}'), None);
        assert_eq!(decompose('a').count(), 0);
        assert!(!is_syllable('ㄱ') && !is_syllable('\u{d7a4}'));
    }
}
