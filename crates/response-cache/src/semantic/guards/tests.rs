use proptest::prelude::*;

use super::*;

fn found(one: &str, other: &str) -> Option<Guard> {
    let verdict = |one, other| Guards::all().check(one, other).err().map(|found| found.guard);
    assert_eq!(verdict(one, other), verdict(other, one), "{one} / {other}");
    verdict(one, other)
}

#[test]
fn the_same_in_other_words_passes() {
    let same = [
        ("How far is 5 km in miles?", "how far is five kilometers in miles"),
        ("What does $1,500 buy?", "what does 1500 dollars buy"),
        ("Remind me at 3pm", "remind me at 15:00"),
        ("Meet on January 5, 2024", "meet on 2024-01-05"),
        ("What is 20% of 50?", "what is twenty percent of fifty"),
        ("I can't log in", "I cannot log in"),
        ("A man is riding a horse.", "One man is riding a horse."),
        ("90 minutes of sleep", "1.5 hours of sleep"),
        ("a film of two hundred and five pages", "a film of 205 pages"),
        ("오후 3시에 만나요", "15:00에 만나요"),
        ("사과 세 개 얼마예요?", "사과 3개 얼마예요?"),
        ("3만 5천 원으로 뭐 사지", "35,000원으로 뭐 사지"),
        ("2024년 1월 5일 날씨", "2024-01-05 날씨"),
        ("비밀번호를 바꾸는 방법", "비밀번호 바꾸는 법"),
        ("십만원 송금", "100000원 송금"),
        ("How do I reset my password?", "hi, what is the best way to reset my pasword? Thanks!"),
        ("Is there a way to export a report?", "How can I export reports?"),
        ("Two dogs play in the grass", "two dogs are playing in the grass"),
        ("who are you", "Who are you?"),
        ("비밀번호를 재설정하는 방법", "비밀번호는 어떻게 재설정하면 되나요?"),
        ("연락처 백업 방법 알려주세요", "안녕하세요 연락처백업하는 법 알려줘 ㅠㅠ"),
        ("이 옷 세탁기에 돌려도 돼?", "이 옷을 세탁기에 돌려도 되나요?"),
        ("\"발이 넓다\" 뜻이 뭐야?", "\"발이 넓다\"의 뜻은 무엇인가요?"),
    ];
    for (one, other) in same {
        assert_eq!(found(one, other), None, "{one} / {other}");
    }
}

#[test]
fn each_guard_finds_its_difference() {
    let different = [
        (Guard::Language, "How is the weather?", "날씨가 어때요?"),
        (Guard::Code, "What does `git pull` do?", "What does `git push` do?"),
        (Guard::Code, "use --force here", "use --dry-run here"),
        (Guard::Quotes, "Translate \"good morning\"", "Translate \"good evening\""),
        (Guard::Dates, "Sales in 2023", "Sales in 2024"),
        (Guard::Dates, "open on Monday", "open on Tuesday"),
        (Guard::Dates, "weather tomorrow in Rome", "weather today in Rome"),
        (Guard::Dates, "내일 서울 날씨", "모레 서울 날씨"),
        (Guard::Times, "wake me at 7am", "wake me at 7pm"),
        (Guard::Times, "오전 9시 회의", "오후 9시 회의"),
        (Guard::Currencies, "How much is $100 in Korea?", "How much is €100 in Korea?"),
        (Guard::Currencies, "5만원짜리 선물", "10만원짜리 선물"),
        (Guard::Units, "walk 5 km a day", "walk 5 miles a day"),
        (Guard::Units, "물 2리터 마시기", "물 3리터 마시기"),
        (Guard::Numbers, "a team of 5", "a team of 50"),
        (Guard::Numbers, "사과 두 개", "사과 세 개"),
        (Guard::Negation, "Why does it work?", "Why does it not work?"),
        (Guard::Negation, "밥을 먹는 이유", "밥을 안 먹는 이유"),
        (Guard::Opposites, "How do I increase the limit?", "How do I decrease the limit?"),
        (Guard::Opposites, "최대 용량이 얼마야", "최소 용량이 얼마야"),
        (Guard::Names, "the weather in Paris", "the weather in London"),
        (Guard::Order, "convert a file from pdf to docx", "convert a file from docx to pdf"),
        (Guard::Question, "When was the bridge built?", "Where was the bridge built?"),
        (Guard::Question, "How does a vaccine work?", "Why does a vaccine work?"),
        (Guard::Question, "Should I take aspirin?", "Can I take aspirin?"),
        (Guard::Question, "구독을 언제 취소해요?", "구독을 어떻게 취소해요?"),
        (Guard::Question, "비타민을 먹어야 해?", "비타민을 먹어도 돼?"),
        (Guard::Order, "A dog is carrying a man", "A man is carrying a dog"),
        (Guard::Order, "cheap flights to Oslo", "cheap flights from Oslo"),
        (Guard::Order, "부산에서 가는 기차", "부산으로 가는 기차"),
        (Guard::Order, "철수가 영희를 좋아해", "영희가 철수를 좋아해"),
        (Guard::Substitution, "what is the capital of france", "what is the capital of spain"),
        (Guard::Substitution, "the capital of austria", "the capital of australia"),
        (Guard::Substitution, "A dog runs through water", "A dog runs through grass"),
        (Guard::Substitution, "Who is he?", "Who is she?"),
        (Guard::Substitution, "외국어 학원 추천", "외국인 학원 추천"),
        (Guard::Substitution, "헤어진지 1년", "헤어진지 1일차"),
        (Guard::Additions, "A boy rides on a swing", "A young boy rides on a swing"),
        (Guard::Additions, "뷔페 가고 싶어", "딸기 뷔페 가고 싶어"),
        (Guard::Substitution, "제주도 여행 코스 추천", "강릉 여행 코스 추천"),
    ];
    for (guard, one, other) in different {
        assert_eq!(found(one, other), Some(guard), "{one} / {other}");
    }
}

#[test]
fn a_guard_that_is_left_out_is_not_asked() {
    let (one, other) = ("Sales in 2023", "Sales in 2024");
    assert!(Guards::all().without(Guard::Dates).without(Guard::Numbers).check(one, other).is_ok());
    assert!(Guards::none().check(one, other).is_ok());
    assert!(!Guards::all().without(Guard::Dates).has(Guard::Dates));
}

/// Texts in which guards find something, broken in any way.
fn text() -> impl Strategy<Value = String> {
    let pieces = [
        "how", "to", "from", "not", "5", "3.5", "1,000", "km", "$", "€", "오후", "3시", "세", "개",
        "만원", "2024", "년", "1월", "`", "\"", "“", "”", "Paris", "A4", "don't", "twenty",
        "hundred", "and", "-", ":", "/", "은", "를", "에서", "없", "최대", "\u{301}", "ﬁ", "İ",
        "１２", "🙂", "ᄀ", "\u{0}", " ", " ", "\n",
    ];
    let pieces = proptest::sample::select(pieces.to_vec()).prop_map(str::to_owned);
    let any = prop_oneof![3 => pieces, 1 => any::<String>()];
    proptest::collection::vec(any, 0..20).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn symmetric_for_any_text(one in text(), other in text()) {
        prop_assert_eq!(Guards::all().check(&one, &other), Guards::all().check(&other, &one));
    }

    #[test]
    fn a_text_agrees_with_itself(text in text()) {
        // Not by the shortcut for equal texts.
        let scan = Scan::of(&text);
        let again = Scan::of(&text);
        let pair = Pair { one: &scan, other: &again, difference: OnceCell::new() };
        for guard in Guard::ALL {
            prop_assert!(!guard.differs(&pair), "{guard:?}");
        }
    }
}
