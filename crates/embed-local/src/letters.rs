//! Text as a stream of comparable characters.

use crate::hangul;

/// What a character is to the lexical model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Written in words of letters or digits.
    Letter,
    /// A Hangul syllable or letter.
    Hangul,
    /// Written without spaces: Han characters and kana.
    Ideograph,
    /// A word by itself.
    Emoji,
    /// Separates words.
    Other,
}

impl Class {
    pub(crate) fn of(c: char) -> Self {
        match c {
            'a'..='z' | '0'..='9' => Self::Letter,
            '\u{1100}'..='\u{11ff}' | '\u{3131}'..='\u{318e}' => Self::Hangul,
            _ if hangul::is_syllable(c) => Self::Hangul,
            '\u{3041}'..='\u{30ff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}'
                if c.is_alphanumeric() =>
            {
                Self::Ideograph
            }
            '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}' => {
                Self::Emoji
            }
            _ if c.is_alphanumeric() => Self::Letter,
            _ => Self::Other,
        }
    }
}

/// The characters of a text in lower case, full-width forms made plain, Latin letters without
/// their accents, Hangul in whole syllables. Nothing is held but one character.
pub(crate) fn comparable(text: &str) -> impl Iterator<Item = char> {
    let plain = text.chars().map(plain_width).flat_map(char::to_lowercase);
    Composed { chars: plain.filter(|c| !is_mark(*c)).map(without_accent), held: None }
}

/// Puts Hangul syllables together that were written as single jamo.
struct Composed<I> {
    chars: I,
    held: Option<char>,
}

impl<I: Iterator<Item = char>> Iterator for Composed<I> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let mut current = self.held.take().or_else(|| self.chars.next())?;
        for next in self.chars.by_ref() {
            match hangul::compose(current, next) {
                Some(syllable) => current = syllable,
                None => {
                    self.held = Some(next);
                    break;
                }
            }
        }
        Some(current)
    }
}

/// Combining accents, selectors of emoji variants and their joiner.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{fe00}'..='\u{fe0f}' | '\u{200d}')
}

/// `Ａ` is `A`.
fn plain_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

/// The letters of Latin-1 and Latin Extended-A that the standard takes apart into a letter and an
/// accent, so that both ways of writing them are the same.
fn without_accent(c: char) -> char {
    match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ď' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ĥ' => 'h',
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' => 'i',
        'ĵ' => 'j',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò'..='ö' | 'ō' | 'ŏ' | 'ő' => 'o',
        'ŕ' | 'ŗ' | 'ř' => 'r',
        'ś' | 'ŝ' | 'ş' | 'š' => 's',
        'ţ' | 'ť' => 't',
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => 'u',
        'ŵ' => 'w',
        'ý' | 'ÿ' | 'ŷ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(of: &str) -> String {
        comparable(of).collect()
    }

    #[test]
    fn one_text_written_in_two_ways_is_one() {
        assert_eq!(text("Café ÅNGSTRÖM ﹏"), text("Cafe\u{301} A\u{30a}NGSTRO\u{308}M ﹏"));
        assert_eq!(text("\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af} !"), "한글 !");
        assert_eq!(text("ＡＰＩ１"), "api1");
        assert_eq!(text("İ"), "i");
        assert_eq!(text("\u{1100}\u{1100}\u{1161}"), "\u{1100}가");
        assert_eq!(text(""), "");
    }

    #[test]
    fn classes() {
        for (c, class) in [
            ('a', Class::Letter),
            ('я', Class::Letter),
            ('7', Class::Letter),
            ('한', Class::Hangul),
            ('ㅋ', Class::Hangul),
            ('語', Class::Ideograph),
            ('ス', Class::Ideograph),
            ('😀', Class::Emoji),
            ('☃', Class::Emoji),
            (' ', Class::Other),
            ('_', Class::Other),
            ('。', Class::Other),
        ] {
            assert_eq!(Class::of(c), class, "{c}");
        }
    }
}
