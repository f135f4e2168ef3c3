//! What a question asks for: who, when, where, why, how, whether.

use super::words::{Kind, Word};

/// What is asked for, a set: one in English, several in Korean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Asks {
    what: u16,
    /// For which of them the text has another way of asking: "the reason" for "why".
    bridges: u16,
}

const PERSON: u16 = 1;
const TIME: u16 = 1 << 1;
const PLACE: u16 = 1 << 2;
const REASON: u16 = 1 << 3;
const MANNER: u16 = 1 << 4;
const QUANTITY: u16 = 1 << 5;
const THING: u16 = 1 << 6;
const WHETHER: u16 = 1 << 7;
const DUTY: u16 = 1 << 8;
const ANY: u16 = u16::MAX;

impl Asks {
    /// Whether one asks for what the other does not. A text that asks for nothing in particular may
    /// ask for anything, and "what" for whatever its words say.
    pub(super) fn differ(self, other: Self) -> bool {
        let open = |asks: Self| asks.what == 0 && asks.bridges == ANY;
        if self.what == other.what || open(self) || open(other) {
            return false;
        }
        let answers = |asks: Self, other: Self| asks.what & !(other.what | other.bridges) == 0;
        !answers(self, other) || !answers(other, self)
    }
}

pub(super) fn of(words: &[Word<'_>]) -> Asks {
    if words.iter().any(|word| word.kind == Kind::Hangul) { korean(words) } else { english(words) }
}

/// Words before a question word that leave it one.
const LEAD_INS: &str = "know knows wonder wondering want like need understand help hi hello hey ok okay so and but then thanks \
    question quick curious sure find figure out learn remember explain describe";
const AUXILIARIES: [&str; 19] = [
    "is", "are", "am", "was", "were", "do", "does", "did", "has", "have", "had", "can", "could",
    "will", "would", "may", "might", "isn't", "doesn't",
];
/// Words that ask for the same as a question word.
const BRIDGES: [(u16, &str); 5] = [
    (PERSON, "name person people author founder inventor owner team player company artist"),
    (TIME, "time date day year month week hour hours moment deadline birthday"),
    (PLACE, "place location located city country address site spot"),
    (REASON, "reason reasons cause causes purpose point"),
    (
        MANNER,
        "way ways method methods steps step process procedure instructions guide tutorial like works",
    ),
];

fn english(words: &[Word<'_>]) -> Asks {
    let lows: Vec<&str> = words.iter().map(|word| word.low.as_ref()).collect();
    let mut asks = Asks { what: english_word(&lows), bridges: 0 };
    for (what, names) in BRIDGES {
        if names.split(' ').any(|name| lows.contains(&name)) {
            asks.bridges |= what;
        }
    }
    let there_is = lows.get(1) == Some(&"there");
    match asks.what {
        0 => asks.bridges = ANY,
        // "What" takes a number, a price, a height as well.
        THING => asks.bridges |= QUANTITY,
        // "Is there a way to".
        WHETHER if there_is && asks.bridges & MANNER != 0 => {
            asks = Asks { what: MANNER, bridges: THING };
        }
        WHETHER | DUTY => {}
        // "What is the reason" asks why.
        _ => asks.bridges |= THING,
    }
    asks
}

fn english_word(lows: &[&str]) -> u16 {
    let leads_in = |low: &str| {
        super::names::is_common(low) || LEAD_INS.split_whitespace().any(|word| word == low)
    };
    let asking = (0..lows.len())
        .take_while(|at| *at == 0 || leads_in(lows[at - 1]))
        .find_map(|at| question_word(lows[at], lows.get(at + 1).copied()));
    asking.unwrap_or_else(|| {
        let asked_politely = lows.get(1) == Some(&"you");
        match lows.first() {
            _ if asked_politely => 0,
            Some(&("should" | "must" | "shall")) => DUTY,
            Some(low) if AUXILIARIES.contains(low) => WHETHER,
            _ => 0,
        }
    })
}

fn question_word(low: &str, next: Option<&str>) -> Option<u16> {
    const MEASURES: [&str; 18] = [
        "many",
        "much",
        "long",
        "far",
        "old",
        "tall",
        "high",
        "big",
        "large",
        "often",
        "deep",
        "wide",
        "heavy",
        "fast",
        "hot",
        "cold",
        "expensive",
        "soon",
    ];
    match low {
        "who" | "whom" | "whose" | "who's" => Some(PERSON),
        "when" | "when's" => Some(TIME),
        "where" | "where's" => Some(PLACE),
        "why" => Some(REASON),
        "how" if next == Some("come") => Some(REASON),
        "how" if next.is_some_and(|next| MEASURES.contains(&next)) => Some(QUANTITY),
        "how" | "how's" => Some(MANNER),
        "what" | "which" | "what's" => Some(THING),
        _ => None,
    }
}

const KOREAN: [(u16, &str); 7] = [
    (PERSON, "누구 누가 누굴 누군"),
    (TIME, "언제 며칠"),
    (PLACE, "어디 어딜 어딘 어딨"),
    (REASON, "왜"),
    (MANNER, "어떻게 어떡"),
    (QUANTITY, "얼마 몇"),
    (THING, "뭐 뭘 뭔 뭡 무엇 무슨 어느"),
];
const KOREAN_BRIDGES: [(u16, &str); 7] = [
    (PERSON, "사람 이름 분"),
    (TIME, "시간 날짜 시기 때 요일"),
    (PLACE, "곳 장소 위치 데"),
    (REASON, "이유 까닭 원인"),
    (MANNER, "방법 법 사용법 하는법"),
    (QUANTITY, "가격 값 비용 요금 개수 수"),
    (THING, "추천 뜻 의미 종류 목록 차이"),
];
/// Asks for whatever is spoken of.
const REQUESTS: [&str; 7] = ["알려", "궁금", "말해", "가르", "보여", "설명", "추천"];
/// Somebody, sometime, somewhere.
const INDEFINITE: [&str; 4] = ["누군가", "언젠가", "어딘가", "뭔가"];

/// Whether a Korean word asks.
pub(super) fn is_korean(word: &str) -> bool {
    let asks = |what: u16, names: &str| begins(word, names) && (what != REASON || word == "왜");
    !INDEFINITE.contains(&word)
        && !word.contains('든')
        && KOREAN.into_iter().any(|(what, names)| asks(what, names))
}

fn begins(word: &str, names: &str) -> bool {
    names.split(' ').any(|name| word.starts_with(name))
}

fn korean(words: &[Word<'_>]) -> Asks {
    let mut asks = Asks::default();
    for (at, word) in words.iter().enumerate() {
        let raw = word.raw;
        // "무엇인가요?" at the end asks no more than the noun before it.
        let last = at + 1 == words.len() && at > 0;
        let asked = KOREAN.into_iter().filter(|(what, names)| {
            is_korean(raw) && begins(raw, names) && !(*what == THING && last)
        });
        asks.what |= asked.fold(0, |all, (what, _)| all | what);
        for (what, names) in KOREAN_BRIDGES {
            let (stem, _) = super::korean::stem(raw);
            if names.split(' ').any(|name| name == stem || name == raw) {
                asks.bridges |= what;
            }
        }
        if REQUESTS.iter().any(|request| raw.starts_with(request)) {
            asks.bridges |= ANY;
        }
    }
    if asks.what == 0 && is_duty(words) {
        asks.what = DUTY;
    }
    let copula = words.last().is_some_and(|word| begins(word.raw, KOREAN[6].1));
    if copula {
        asks.bridges |= THING;
    }
    asks
}

/// `해야 해`: it must be done, where `해도 돼` is allowed.
fn is_duty(words: &[Word<'_>]) -> bool {
    const MUST: [&str; 6] = ["하", "해", "되", "돼", "할", "될"];
    words.windows(2).any(|pair| {
        pair[0].raw.ends_with('야') && MUST.iter().any(|must| pair[1].raw.starts_with(must))
    })
}
