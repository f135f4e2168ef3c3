//! In which words of substance two texts differ.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::scan::{Scan, Stem};
use super::{endings, forms, words};

/// Groups of words that may stand for each other, one a line.
const SYNONYMS: &str = include_str!("synonyms.txt");

/// Words that ask for nothing: politeness, hedges, whose question it is.
const FILLERS: &str = "kindly actually basically exactly currently simply somehow maybe possible \
    possibly know wonder wondering like want need help question guys whether calculate compute convert method step steps \
    나 내 내가 나는 난 나도 나를 날 나만 저 제 제가 저는 저도 저기 너 네 너는 넌 네가 너도 우리 저희 그 이 저 것 거 게 걸 건 좀 너무 정말 \
    진짜 아주 매우 엄청 보통 그냥 요즘 지금 이제 자꾸 또 벌써 드디어 한 혹시 일단 약간 조금 막 걍 꼭 참 영 도통 도대체 대체 아무래도 \
    갑자기 뭔가 안녕 안녕하세요 감사합니다 감사 의 은 는 을 를 와 과 라는 이라는 부탁해 부탁드려요 부탁드립니다 알려줘 알려줘요 알려주세요 알려 가르쳐줘 가르쳐주세요 \
    주세요 궁금해 궁금해요 궁금합니다 방법 법 해 해야 해요 하나요 하면 하지 할까 합니까 되나요 돼 돼요 될까 되죠 싶어 싶어요 싶은데 \
    뭐야 뭐예요 뭐에요 뭐지 뭐니 뭐임 뭔가요 뭔지 무엇인가요 무엇이야 무엇인지";

static SYNONYM_GROUPS: LazyLock<HashMap<String, Vec<usize>>> = LazyLock::new(|| {
    let lines = SYNONYMS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut groups = HashMap::<String, Vec<usize>>::new();
    for (group, line) in lines.enumerate() {
        for word in line.split_whitespace() {
            groups.entry(words::stem(word).into_owned()).or_default().push(group);
        }
    }
    groups
});

static FILLER_STEMS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    FILLERS.split_whitespace().map(|word| words::stem(word).into_owned()).collect()
});

/// With more words that differ it is another text, and comparing all of them with each other would
/// take long.
const MOST_COMPARED: usize = 10;

/// For each word that only one text has, so many must be in both.
const COMMON_PER_ADDITION: usize = 6;

/// The words of grammar: all that a text like "who are you" has.
fn plain<'s>(scan: &'s Scan<'_>) -> Vec<&'s str> {
    let words = scan.words.iter().map(|word| word.low.split('\'').next().unwrap_or_default());
    let says_little = |word: &str| ["a", "an", "the", "is", "are", "please"].contains(&word);
    words.filter(|word| super::names::is_common(word) && !says_little(word)).collect()
}

/// How many words of substance two texts share, and how many only one of them has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) common: usize,
    pub(super) only: [usize; 2],
}

impl Difference {
    pub(super) fn between(one: &Scan<'_>, other: &Scan<'_>) -> Self {
        let (first, second) = (Side::of(one), Side::of(other));
        let (gone, come) = (first.without(&second), second.without(&first));
        let counts = |text: &&&str| !FILLER_STEMS.contains(**text);
        let common = first.known.intersection(&second.known).filter(counts).count();
        if are_one_joined(&gone, &come) {
            return Self { common: common + gone.len().max(come.len()), only: [0, 0] };
        }
        let only = [first.apart(&gone, &second), second.apart(&come, &first)];
        Self { common: common + (gone.len() - only[0]).max(come.len() - only[1]), only }
    }

    /// Whether each text has words that the other lacks, or they have none in common.
    pub(super) fn is_exchange(self, one: &Scan<'_>, other: &Scan<'_>) -> bool {
        (self.only[0] > 0 && self.only[1] > 0) || (self.common == 0 && plain(one) != plain(other))
    }

    /// Whether one text has too many words that the other lacks.
    pub(super) fn is_addition(self) -> bool {
        (self.only[0] + self.only[1]) * COMMON_PER_ADDITION > self.common
    }
}

/// The words of one text.
struct Side<'s> {
    stems: &'s [Stem<'s>],
    known: HashSet<&'s str>,
}

impl<'s> Side<'s> {
    fn of(scan: &'s Scan<'_>) -> Self {
        Self { stems: &scan.stems, known: scan.stems.iter().map(text).collect() }
    }

    /// The words, each once, that the other does not have letter for letter, in their order; no
    /// fillers.
    fn without(&self, other: &Self) -> Vec<&'s Stem<'s>> {
        let mut seen = HashSet::new();
        let missing = |stem: &&Stem<'_>| !other.known.contains(&*stem.text) && !is_filler(stem);
        self.stems.iter().filter(missing).filter(|stem| seen.insert(text(stem))).collect()
    }

    /// How many of these the other has in no form.
    fn apart(&self, missing: &[&'s Stem<'s>], other: &Self) -> usize {
        let few = missing.len() <= MOST_COMPARED && other.stems.len() <= 4 * MOST_COMPARED;
        let is_last = |stem: &Stem<'_>, side: &Self| {
            side.stems.last().is_some_and(|last| std::ptr::eq(last, stem))
        };
        let has = |stem: &Stem<'_>| {
            other
                .stems
                .iter()
                .any(|word| alike(stem, word, is_last(stem, self) && is_last(word, other)))
        };
        missing.iter().filter(|stem| !(few && has(stem))).count()
    }
}

fn text<'s>(stem: &'s Stem<'_>) -> &'s str {
    &stem.text
}

/// The same words, written with spaces or without.
fn are_one_joined(gone: &[&Stem<'_>], come: &[&Stem<'_>]) -> bool {
    let join = |stems: &[&Stem<'_>], part: fn(&Stem<'_>) -> String| -> String {
        stems.iter().map(|stem| part(stem)).collect()
    };
    let same = |part: fn(&Stem<'_>) -> String| {
        let (one, other) = (join(gone, part), join(come, part));
        one == other || (!one.is_ascii() && endings::one_word(&one, &other, false))
    };
    same(|stem| stem.raw.to_lowercase()) || same(|stem| stem.text.to_string())
}

fn is_filler(stem: &Stem<'_>) -> bool {
    FILLER_STEMS.contains(&*stem.text) || FILLER_STEMS.contains(stem.raw)
}

/// Forms of one word, or synonyms.
fn alike(one: &Stem<'_>, other: &Stem<'_>, last: bool) -> bool {
    are_synonyms(&one.text, &other.text)
        || match (one.text.is_ascii(), other.text.is_ascii()) {
            (true, true) => {
                forms::one_word(&one.text, &other.text)
                    || forms::one_word(&one.raw.to_lowercase(), &other.raw.to_lowercase())
            }
            (false, false) => endings::one_word(one.raw, other.raw, last),
            _ => false,
        }
}

fn are_synonyms(one: &str, other: &str) -> bool {
    let groups = |word: &str| SYNONYM_GROUPS.get(word).map_or(&[][..], Vec::as_slice);
    groups(one).iter().any(|group| groups(other).contains(group))
}
