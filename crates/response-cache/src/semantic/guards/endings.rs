//! Whether two Korean words are one word with other endings: a verb ends in the speaker's manners.
//!
//! Words are compared by their sounds, so that contractions come apart (`해` is `하` and `어`, `마셔`
//! is `마시` and `어`), and whatever follows what they have in common must be made of endings.

use std::collections::HashMap;
use std::sync::LazyLock;

const INITIALS: [char; 19] = [
    'ㄱ', 'ㄲ', 'ㄴ', 'ㄷ', 'ㄸ', 'ㄹ', 'ㅁ', 'ㅂ', 'ㅃ', 'ㅅ', 'ㅆ', 'ㅇ', 'ㅈ', 'ㅉ', 'ㅊ', 'ㅋ',
    'ㅌ', 'ㅍ', 'ㅎ',
];
const VOWELS: [&str; 21] = [
    "ㅏ", "ㅐ", "ㅑ", "ㅒ", "ㅓ", "ㅔ", "ㅣㅓ", "ㅖ", "ㅗ", "ㅗㅏ", "ㅚㅓ", "ㅚ", "ㅛ", "ㅜ",
    "ㅜㅓ", "ㅞ", "ㅟ", "ㅠ", "ㅡ", "ㅢ", "ㅣ",
];
const FINALS: [&str; 28] = [
    "", "ㄱ", "ㄲ", "ㄱㅅ", "ㄴ", "ㄴㅈ", "ㄴㅎ", "ㄷ", "ㄹ", "ㄹㄱ", "ㄹㅁ", "ㄹㅂ", "ㄹㅅ",
    "ㄹㅌ", "ㄹㅍ", "ㄹㅎ", "ㅁ", "ㅂ", "ㅂㅅ", "ㅅ", "ㅆ", "ㅇ", "ㅈ", "ㅊ", "ㅋ", "ㅌ", "ㅍ",
    "ㅎ",
];

/// What follows a verb's or an adjective's stem; single consonants stand at the end of its last
/// syllable.
const ENDINGS: &str = "아 어 았 었 ㅆ 시 으시 겠 다 요 고 지 나 니 냐 네 까 ㄹ까 을까 ㄴ가 은가 는가 나요 는 은 ㄴ ㄹ 을 던 게 \
    기 ㅁ 음 면 으면 려고 으려고 러 으러 서 니까 으니까 ㅂ니다 습니다 ㅂ니까 습니까 세요 으세요 십시오 래 대 ㄴ대 는대 자 라 \
    도 야 여야 군 군요 구나 거든 거든요 잖아 죠 데 는데 ㄴ데 은데 더라 려면 으려면 도록 듯 지만 며 으며 ㄴ다 는다 ㄹ게 을게 \
    ㄹ래 을래 ㄴ지 은지 는지 ㄹ지 을지 줘 주세요 주실 주십시오 주 인가 인데 인지 이야 이에요 예요 ㅂ시다 고요 네요 대요 래요 ㄹ 으로";
/// What makes a verb of a noun, or a sentence: its own endings may follow.
const AFTER_NOUNS: &str =
    "하 되 시키 이야 야 이에요 예요 인가 인데 인지 입니 이지 이죠 이네 이냐 이니 이고";

/// What may follow an ending that is complete: `해`, `해요`, `해줘`.
const AFTER_ENDINGS: &str = "요 줘 주 서 도 야";

static COMPLETED: LazyLock<Vec<String>> = LazyLock::new(|| sounds_of(AFTER_ENDINGS));
/// By their first sound: most words are not followed by any.
static VERBAL: LazyLock<HashMap<char, Vec<String>>> = LazyLock::new(|| {
    let mut endings = HashMap::<char, Vec<String>>::new();
    for ending in sounds_of(ENDINGS) {
        endings.entry(ending.chars().next().unwrap_or_default()).or_default().push(ending);
    }
    endings
});
static NOMINAL: LazyLock<Vec<String>> = LazyLock::new(|| sounds_of(AFTER_NOUNS));

fn sounds_of(list: &str) -> Vec<String> {
    list.split_whitespace().map(sounds).collect()
}

/// The sounds of a word one by one, without the silent consonant.
fn sounds(word: &str) -> String {
    let mut sounds = String::with_capacity(word.len() * 2);
    for c in word.chars() {
        let Some(place) = (u32::from(c)).checked_sub(0xac00).filter(|place| *place < 11_172) else {
            sounds.push(c);
            continue;
        };
        let (initial, vowel, last) = (place / 588, place % 588 / 28, place % 28);
        let initial = INITIALS[initial as usize];
        sounds.extend(Some(initial).filter(|c| *c != 'ㅇ'));
        // `해` is `하` and `어`.
        let vowel = VOWELS[vowel as usize];
        sounds.push_str(if initial == 'ㅎ' && vowel == "ㅐ" { "ㅏㅓ" } else { vowel });
        sounds.push_str(FINALS[last as usize]);
    }
    sounds
}

/// The consonant that a word begins with.
fn initial(word: &str) -> Option<u32> {
    Some(u32::from(word.chars().next()?).checked_sub(0xac00)? / 588)
}

/// One word in two forms. Of a sentence's last word one syllable in common is enough: it is its
/// verb; of others that would make one of `바다` and `바지`.
pub(super) fn one_word(one: &str, other: &str, last: bool) -> bool {
    if initial(one) != initial(other) {
        return false; // Most words: before anything is taken apart.
    }
    let (first, second) = (sounds(one), sounds(other));
    let mut common = first
        .char_indices()
        .zip(second.chars())
        .take_while(|((_, a), b)| a == b)
        .map(|((at, c), _)| at + c.len_utf8())
        .last()
        .unwrap_or(0);
    let least = if last { 2 } else { 4 };
    loop {
        if first[..common].chars().count() < least {
            return false;
        }
        if are_endings(&first[..common], &first[common..], &second[common..]) {
            return true;
        }
        // Two endings may begin with the same consonant: `하고`, `하기`.
        let shared = first[..common].chars().next_back();
        match shared.filter(|sound| INITIALS.contains(sound)) {
            Some(consonant) => common -= consonant.len_utf8(),
            None => return false,
        }
    }
}

fn are_endings(common: &str, one: &str, other: &str) -> bool {
    match (one.is_empty(), other.is_empty()) {
        (true, true) => true,
        (true, false) => goes_on(common, other),
        (false, true) => goes_on(common, one),
        (false, false) => is_verbal(one, 4) && is_verbal(other, 4),
    }
}

/// Whether the rest may be there or not.
fn goes_on(common: &str, rest: &str) -> bool {
    let after = |forms: &[String]| {
        let mut rests = forms.iter().filter_map(|form| rest.strip_prefix(form.as_str()));
        rests.any(|rest| is_verbal(rest, 4))
    };
    after(&NOMINAL) || (common.ends_with(['ㅏ', 'ㅓ']) && after(&COMPLETED))
}

/// Whether the rest is made of at most so many endings.
fn is_verbal(rest: &str, most: usize) -> bool {
    let Some(first) = rest.chars().next() else { return true };
    let endings = VERBAL.get(&first).map_or(&[][..], Vec::as_slice);
    let mut rests = endings.iter().filter_map(|ending| rest.strip_prefix(ending.as_str()));
    most > 0 && rests.any(|rest| is_verbal(rest, most - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_word() {
        let same = [
            ("좋아하는", "좋아해"),
            ("먹어도", "먹나요"),
            ("마셔도", "마시면"),
            ("되나요", "돼"),
            ("있어", "있나요"),
            ("추천", "추천해줘"),
            ("걸려", "걸리나요"),
            ("간다", "갈까"),
            ("연주한다", "연주하고"),
            ("얼마야", "얼마인가요"),
            ("추천해줘", "추천해"),
            ("공유해", "공유해요"),
            ("하고", "하기"),
        ];
        for (one, other) in same {
            assert!(one_word(one, other, true) && one_word(other, one, true), "{one} {other}");
        }
    }

    #[test]
    fn other_words() {
        let different = [
            ("외국어", "외국인"),
            ("서울대", "서울역"),
            ("경기도", "경기장"),
            ("전화기", "전화"),
            ("요리사", "요리"),
            ("바지", "바다"),
            ("만들어", "만나"),
            ("프랑스", "프랑크푸르트"),
            ("한국", "한국어"),
        ];
        for (one, other) in different {
            assert!(!one_word(one, other, false), "{one} {other}");
            assert!(!one_word(other, one, false), "{other} {one}");
        }
    }
}
