//! As much Korean as goes without a dictionary: particles, and numbers in words.

/// What a particle makes of its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Role {
    None,
    Subject,
    Object,
    From,
    To,
    Than,
    With,
    Of,
}

/// Longer ones first: the first that fits is taken off.
const PARTICLES: [(&str, Role); 42] = [
    ("에서부터", Role::From),
    ("으로부터", Role::From),
    ("에게서", Role::From),
    ("한테서", Role::From),
    ("로부터", Role::From),
    ("에서는", Role::From),
    ("으로는", Role::To),
    ("까지는", Role::To),
    ("이라도", Role::None),
    ("이라는", Role::None),
    ("에서", Role::From),
    ("부터", Role::From),
    ("에게", Role::To),
    ("한테", Role::To),
    ("까지", Role::To),
    ("으로", Role::To),
    ("보다", Role::Than),
    ("이랑", Role::With),
    ("하고", Role::With),
    ("께서", Role::Subject),
    ("처럼", Role::None),
    ("마다", Role::None),
    ("조차", Role::None),
    ("밖에", Role::None),
    ("에는", Role::None),
    ("에도", Role::None),
    ("이나", Role::None),
    ("라도", Role::None),
    ("라는", Role::None),
    ("은", Role::Subject),
    ("는", Role::Subject),
    ("이", Role::Subject),
    ("가", Role::Subject),
    ("을", Role::Object),
    ("를", Role::Object),
    ("의", Role::Of),
    ("와", Role::With),
    ("과", Role::With),
    ("로", Role::To),
    ("에", Role::To),
    ("도", Role::None),
    ("만", Role::None),
];

/// The word without its particle, and what the particle says. Of one syllable at least two are
/// left, except before those that no noun ends in.
pub(super) fn stem(word: &str) -> (&str, Role) {
    for (particle, role) in PARTICLES {
        let Some(stem) = word.strip_suffix(particle) else { continue };
        let after_closed =
            matches!(particle, "은" | "이") && stem.chars().next_back().is_some_and(is_closed);
        let sure = particle.len() > 3 || matches!(particle, "을" | "를") || after_closed;
        if stem.len() >= if sure { 3 } else { 6 } {
            return (stem, role);
        }
    }
    (word, Role::None)
}

/// Whether the syllable ends in a consonant.
fn is_closed(syllable: char) -> bool {
    u32::from(syllable).checked_sub(0xac00).is_some_and(|place| place < 11_172 && place % 28 > 0)
}

/// `주세요`: asks nicely, and for nothing.
pub(super) fn is_courtesy(word: &str) -> bool {
    ["주세", "줘", "줄래", "주실", "주십", "부탁"].iter().any(|form| word.starts_with(form))
}

pub(super) fn is_particle(word: &str) -> bool {
    word.is_empty() || PARTICLES.iter().any(|(particle, _)| *particle == word)
}

pub(super) fn role(particle: &str) -> Role {
    PARTICLES.iter().find(|(known, _)| *known == particle).map_or(Role::None, |(_, role)| *role)
}

/// A number at the beginning of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numeral<'t> {
    pub(super) value: u64,
    pub(super) syllables: usize,
    /// Of the native numbers: before counters.
    pub(super) native: bool,
    pub(super) rest: &'t str,
}

const NATIVE_TENS: [(&str, u64); 10] = [
    ("스물", 20),
    ("스무", 20),
    ("서른", 30),
    ("마흔", 40),
    ("쉰", 50),
    ("예순", 60),
    ("일흔", 70),
    ("여든", 80),
    ("아흔", 90),
    ("열", 10),
];

const NATIVE_ONES: [(&str, u64); 14] = [
    ("하나", 1),
    ("다섯", 5),
    ("여섯", 6),
    ("일곱", 7),
    ("여덟", 8),
    ("아홉", 9),
    ("한", 1),
    ("둘", 2),
    ("두", 2),
    ("셋", 3),
    ("세", 3),
    ("넷", 4),
    ("네", 4),
    ("석", 3),
];

/// Whether the word begins with a number, native or of Chinese origin. Whether it is meant as one
/// is the caller's to judge: `오늘` begins with a five.
pub(super) fn numeral(word: &str) -> Option<Numeral<'_>> {
    native(word).or_else(|| chinese(word))
}

fn native(word: &str) -> Option<Numeral<'_>> {
    let begins = |table: &[(&'static str, u64)], text: &str| {
        table.iter().copied().find(|(form, _)| text.starts_with(form))
    };
    let (ten, rest) = match begins(&NATIVE_TENS, word) {
        Some((form, value)) => (value, &word[form.len()..]),
        None => (0, word),
    };
    let (one, rest) = match begins(&NATIVE_ONES, rest) {
        Some((form, value)) => (value, &rest[form.len()..]),
        None => (0, rest),
    };
    let syllables = (word.len() - rest.len()) / 3;
    (syllables > 0).then_some(Numeral { value: ten + one, syllables, native: true, rest })
}

fn chinese(word: &str) -> Option<Numeral<'_>> {
    let (mut total, mut below_myriad, mut digit) = (0u64, 0u64, None);
    let (mut end, mut syllables) = (0, 0);
    for (at, c) in word.char_indices() {
        if let Some(value) = digit_of(c) {
            if digit.is_some() {
                break; // Two digits in a row are no number of this kind.
            }
            digit = Some(value);
        } else if let Some(unit) = power(c) {
            below_myriad += digit.take().unwrap_or(1) * unit;
        } else if let Some(unit) = myriad(c) {
            let count = below_myriad + digit.take().unwrap_or(0);
            total = total.checked_add(count.max(1).checked_mul(unit)?)?;
            below_myriad = 0;
        } else {
            break;
        }
        end = at + c.len_utf8();
        syllables += 1;
    }
    let value = total.checked_add(below_myriad + digit.unwrap_or(0))?;
    (syllables > 0).then_some(Numeral { value, syllables, native: false, rest: &word[end..] })
}

fn digit_of(c: char) -> Option<u64> {
    let digits = [
        ('영', 0),
        ('공', 0),
        ('일', 1),
        ('이', 2),
        ('삼', 3),
        ('사', 4),
        ('오', 5),
        ('육', 6),
        ('륙', 6),
        ('칠', 7),
        ('팔', 8),
        ('구', 9),
    ];
    digits.iter().find(|(form, _)| *form == c).map(|(_, value)| *value)
}

fn power(c: char) -> Option<u64> {
    match c {
        '십' => Some(10),
        '백' => Some(100),
        '천' => Some(1_000),
        _ => None,
    }
}

/// Powers of ten thousand.
pub(super) fn myriad(c: char) -> Option<u64> {
    match c {
        '만' => Some(10_000),
        '억' => Some(100_000_000),
        '조' => Some(1_000_000_000_000),
        _ => None,
    }
}

/// Syllables that multiply a number in digits before them: `3만`, `5천`.
pub(super) fn multiplier(word: &str) -> Option<(u64, &str)> {
    let mut chars = word.chars();
    let value = chars.next().and_then(|c| power(c).or_else(|| myriad(c)))?;
    let rest = chars.as_str();
    // 5천만
    match rest.chars().next().and_then(myriad) {
        Some(more) if value < 10_000 => Some((value * more, &rest[3..])),
        _ => Some((value, rest)),
    }
}

/// What is counted with a number and adds nothing to it.
const COUNTERS: [&str; 31] = [
    "가지", "마리", "사람", "켤레", "송이", "그루", "군데", "차례", "단계", "개", "명", "번째",
    "번", "대", "권", "잔", "병", "장", "벌", "채", "척", "줄", "쌍", "곳", "편", "곡", "층",
    "인분", "인", "회", "건",
];

/// The rest of a word after a counter.
pub(super) fn counter(word: &str) -> Option<&str> {
    COUNTERS.iter().find_map(|counter| word.strip_prefix(counter))
}
