//! In which script a text is written.

use super::words::is_hangul;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Script {
    Latin,
    Hangul,
    Han,
    Kana,
    Cyrillic,
    Greek,
    Arabic,
    Hebrew,
    Devanagari,
    Thai,
    Other,
}

/// The script of most letters; Korean and Japanese texts have foreign words in them, so that a
/// quarter of their own letters is enough. `None` without letters.
pub(super) fn of(text: &str) -> Option<Script> {
    let mut counts = [0usize; 11];
    for script in text.chars().filter(|c| c.is_alphabetic()).map(script) {
        counts[script as usize] += 1;
    }
    let all: usize = counts.iter().sum();
    let own = |script: Script| counts[script as usize] > 0 && counts[script as usize] * 4 >= all;
    let most = || ORDER.into_iter().rev().max_by_key(|script| counts[*script as usize]);
    let found = [Script::Hangul, Script::Kana].into_iter().find(|script| own(*script));
    found.or_else(|| most().filter(|_| all > 0))
}

const ORDER: [Script; 11] = [
    Script::Latin,
    Script::Hangul,
    Script::Han,
    Script::Kana,
    Script::Cyrillic,
    Script::Greek,
    Script::Arabic,
    Script::Hebrew,
    Script::Devanagari,
    Script::Thai,
    Script::Other,
];

fn script(c: char) -> Script {
    match c {
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Script::Latin,
        c if is_hangul(c) => Script::Hangul,
        '\u{1100}'..='\u{11ff}' | '\u{3131}'..='\u{318e}' => Script::Hangul,
        '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{323af}' => Script::Han,
        '\u{3040}'..='\u{30ff}' => Script::Kana,
        '\u{400}'..='\u{52f}' => Script::Cyrillic,
        '\u{370}'..='\u{3ff}' => Script::Greek,
        '\u{600}'..='\u{6ff}' => Script::Arabic,
        '\u{590}'..='\u{5ff}' => Script::Hebrew,
        '\u{900}'..='\u{97f}' => Script::Devanagari,
        '\u{e00}'..='\u{e7f}' => Script::Thai,
        _ => Script::Other,
    }
}
