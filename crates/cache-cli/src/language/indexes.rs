//! What is said of vector indexes.

use caching_with_redis::core::vector::{
    AttributeKind, FilterProblem, InvalidFilter, VectorEntry, VectorId, VectorQuery, VectorRefusal,
};

use super::Language;
use super::catalogue::messages;

messages! {
    label_index() { "index" "색인" }
    label_engine() { "engine" "검색 엔진" }
    label_method() { "method" "검색 방식" }
    label_attributes() { "attributes" "속성" }

    // What searches, and why.
    engine_memory() { "comparing with every vector" "모든 벡터와 비교" }
    engine_embedded() {
        "comparing with every vector of the file, which this process has in its memory, too"
        "이 프로세스의 메모리에도 둔 파일의 모든 벡터와 비교"
    }
    engine_search() { "search module" "검색 모듈" }
    engine_sets() { "vector sets" "벡터 집합" }
    engine_plain() {
        "comparing with every vector, which this process has in its memory, too"
        "이 프로세스의 메모리에도 둔 모든 벡터와 비교"
    }
    because(what: &str, why: &str) { "{what}: {why}" "{what}. 선택 이유: {why}" }
    why_only_engine() { "the store has no other" "이 저장소의 유일한 방식" }
    why_has_search() { "the server has a search module" "서버에 검색 모듈이 있음" }
    why_has_sets() {
        "the server has vector sets, and no search module"
        "서버에 검색 모듈은 없고 벡터 집합이 있음"
    }
    why_has_neither() {
        "the server has neither a search module nor vector sets"
        "서버에 검색 모듈도 벡터 집합도 없음"
    }
    method_exact(precision: &str) { "exact, kept as {precision}" "정확, 저장 형식 {precision}" }
    method_approximate(precision: &str, links: &str, build: &str, search: &str) {
        "approximate (links {links}, build effort {build}, search effort {search}), kept as {precision}"
        "근사(links {links}, build effort {build}, search effort {search}), 저장 형식 {precision}"
    }
    searched_exactly(method: &str) {
        "{method}; searched exactly here"
        "{method}. 여기서는 정확하게 검색함"
    }
    searched_exactly_up_to(method: &str, above: &str) {
        "{method}; searched exactly, and by a graph in each process that searches more than {above} entries"
        "{method}. 정확하게 검색하며, 항목이 {above}개를 넘으면 검색하는 프로세스마다 그래프로 검색함"
    }
    graph_is_built(method: &str) {
        "{method}; searched exactly while its graph is built"
        "{method}. 그래프를 만드는 동안 정확하게 검색함"
    }
    searched_by_graph(method: &str, entries: &str, pending: &str) {
        "{method}; a graph finds {entries} entries, {pending} are compared one by one"
        "{method}. 그래프로 찾는 항목 {entries}개, 하나씩 비교하는 항목 {pending}개"
    }
    graph_is_built_anew(method: &str, entries: &str, pending: &str) {
        "{method}; a graph finds {entries} entries, {pending} are compared one by one, another is built"
        "{method}. 그래프로 찾는 항목 {entries}개, 하나씩 비교하는 항목 {pending}개, 새 그래프를 만드는 중"
    }

    // Names and schemas.
    bad_index_name(name: &str) {
        "{name:?} cannot be the name of an index, which is 1 to 64 characters of a-z A-Z 0-9 _ . -"
        "색인 이름으로 {name:?}은(는) 쓸 수 없습니다. a-z A-Z 0-9 _ . - 문자 1~64자여야 합니다"
    }
    no_such_index(name: &str, namespace: &str) {
        "there is no index {name} in the namespace {namespace}; index create makes it"
        "네임스페이스 {namespace}에 {name} 색인이 없습니다. index create로 만드세요"
    }
    bad_attribute(text: &str) {
        "{text:?} is no attribute: NAME:KIND is expected, where KIND is tag, number, text or stored, and \
         NAME a letter and up to 63 more of a-z A-Z 0-9 _"
        "{text:?}은(는) 속성이 아닙니다. NAME:KIND 형식으로, KIND는 tag, number, text, stored 중 하나, \
         NAME은 영문자로 시작하는 a-z A-Z 0-9 _ 64자 이내여야 합니다"
    }
    attribute_twice(name: &str) {
        "the attribute {name} has two kinds (text and model are there without being asked for)"
        "속성 {name}의 종류가 둘입니다(text와 model은 지정하지 않아도 있습니다)"
    }
    other_dimensions(of_model: usize, of_index: usize) {
        "the provider's vectors have {of_model} dimensions and the index {of_index}: set \
         CACHE_DIMENSIONS={of_index} where the model has a choice, or take the index's own provider"
        "제공자의 벡터는 {of_model}차원인데 색인은 {of_index}차원입니다. 모델이 선택을 허용하면 \
         CACHE_DIMENSIONS={of_index}로 지정하고, 아니면 색인을 만든 제공자를 쓰세요"
    }

    // Create, list, drop.
    index_created(name: &str, dimensions: &str) {
        "created the index {name}, {dimensions} dimensions"
        "{name} 색인을 만들었습니다({dimensions}차원)"
    }
    index_there(name: &str, dimensions: &str) {
        "the index {name}, {dimensions} dimensions, is there already, and is the same"
        "{name} 색인({dimensions}차원)이 같은 모습으로 이미 있습니다"
    }
    no_indexes(namespace: &str) {
        "the namespace {namespace} has no indexes"
        "네임스페이스 {namespace}에 색인이 없습니다"
    }
    index_line(entries: &str, dimensions: &str, bytes: &str) {
        "{entries} entries of {dimensions} dimensions, {bytes}"
        "{dimensions}차원 항목 {entries}개, {bytes}"
    }
    confirm_drop(name: &str, namespace: &str, entries: &str) {
        "Drop the index {name} of the namespace {namespace} with its {entries} entries? [y/N] "
        "네임스페이스 {namespace}의 {name} 색인을 항목 {entries}개와 함께 지울까요? [y/N] "
    }
    drop_needs_yes() {
        "index drop asks before it removes anything, and here is no terminal to ask on: add --yes"
        "index drop은 지우기 전에 확인을 받지만 물어볼 터미널이 없습니다. --yes를 붙이세요"
    }
    index_dropped(name: &str, entries: &str) {
        "dropped the index {name} with its {entries} entries"
        "{name} 색인을 항목 {entries}개와 함께 지웠습니다"
    }

    // Add.
    vectors_of(hits: &str, computed: &str, given: &str) {
        "{hits} hits, {computed} computed, {given} given"
        "적중 {hits}, 계산 {computed}, 주어진 벡터 {given}"
    }
    index_added(written: &str, vectors: &str, failed: &str, time: &str) {
        "{written} entries written ({vectors}), {failed} failed, in {time}"
        "항목 {written}개 저장({vectors}), 실패 {failed}, 걸린 시간 {time}"
    }
    line_no_entry() {
        "neither a JSON string nor an object with a string \"text\" or \"vector\""
        "JSON 문자열도, 문자열 \"text\"나 \"vector\"가 있는 객체도 아닙니다"
    }
    line_unknown_member() {
        "an object may have \"id\", \"text\", \"vector\" and \"attributes\", and nothing else"
        "객체에는 \"id\", \"text\", \"vector\", \"attributes\"만 쓸 수 있습니다"
    }
    line_bad_id() {
        "\"id\" is neither a text nor a whole number"
        "\"id\"는 문자열이나 정수여야 합니다"
    }
    line_without_id() {
        "a vector without a text needs an \"id\""
        "텍스트가 없는 벡터에는 \"id\"가 필요합니다"
    }
    line_bad_vector() { "a vector is a list of numbers in JSON" "벡터는 JSON 숫자 목록이어야 합니다" }
    line_not_finite() {
        "a vector has one value or more, at most 65536, and all are finite 32-bit numbers"
        "벡터의 값은 1~65536개의 유한한 32비트 수여야 합니다"
    }
    line_bad_attributes() {
        "\"attributes\" is an object"
        "\"attributes\"는 객체여야 합니다"
    }
    line_bad_value(name: &str, expected: &str) {
        "the attribute {name} takes {expected}"
        "속성 {name}의 값은 {expected}이어야 합니다"
    }
    value_of_tags() { "a text or a list of texts" "문자열이나 문자열 목록" }
    value_of_number() { "a number" "숫자값" }
    value_of_text() { "a text" "문자열" }

    // Search.
    bad_similarity() {
        "a similarity is a number from -1 (opposite) to 1 (the same)"
        "유사도는 -1(반대)부터 1(같음)까지의 수입니다"
    }
    nothing_like_it() { "nothing is found" "찾은 것이 없습니다" }
    others_left_out(others: &str) {
        "{others} entries are of other models and were not looked at: index add with the present model \
         writes them anew"
        "다른 모델의 항목 {others}개는 살펴보지 않았습니다. 지금 모델로 index add를 다시 하면 새로 씁니다"
    }
    filter_wrong(at: usize, problem: &str) {
        "character {at} of the filter: {problem}"
        "필터의 {at}번째 글자: {problem}"
    }
}

impl Language {
    /// What values of this kind are in JSON.
    pub(crate) fn values_of(self, kind: AttributeKind) -> String {
        match kind {
            AttributeKind::Tags => self.value_of_tags(),
            AttributeKind::Number => self.value_of_number(),
            _ => self.value_of_text(),
        }
    }

    /// What is wrong with a filter, and where.
    pub(crate) fn bad_filter(self, wrong: &InvalidFilter) -> String {
        let problem = match self {
            Self::English => wrong.problem.to_string(),
            Self::Korean => filter_in_korean(&wrong.problem),
        };
        self.filter_wrong(wrong.at, &problem)
    }

    /// Why an index refuses something. In English a refusal speaks for itself.
    pub(crate) fn vector_refusal(self, refusal: &VectorRefusal) -> String {
        match self {
            Self::English => refusal.to_string(),
            Self::Korean => refusal_in_korean(refusal),
        }
    }
}

fn filter_in_korean(problem: &FilterProblem) -> String {
    match problem {
        FilterProblem::Name => "속성 이름이 필요합니다".to_owned(),
        FilterProblem::Operator => "= != < <= > >= ~ !~ 중 하나가 필요합니다".to_owned(),
        FilterProblem::SecondOperator(operator) => {
            format!("연산자는 하나면 됩니다. {operator}(으)로 시작하는 값은 따옴표로 묶으세요")
        }
        FilterProblem::Value => {
            "값이 필요합니다. 쉼표, 세로줄, 따옴표가 든 값은 따옴표로 묶으세요".to_owned()
        }
        FilterProblem::OpenQuotation => "따옴표가 닫히지 않았습니다".to_owned(),
        FilterProblem::Separator => "쉼표나 세로줄, 또는 끝이어야 합니다".to_owned(),
        FilterProblem::NotANumber(name) => {
            format!("속성 {name}은(는) 수와 비교하는데 이것은 수가 아닙니다")
        }
        FilterProblem::Unfit { name, kind, operator } => {
            format!("속성 {name}의 종류는 {}이며 {operator}로 비교할 수 없습니다", kind.as_str())
        }
        FilterProblem::OneValue(operator) => format!("{operator}는 값 하나와 비교합니다"),
        FilterProblem::Refused(refusal) => refusal_in_korean(refusal),
        other => other.to_string(),
    }
}

fn refusal_in_korean(refusal: &VectorRefusal) -> String {
    match refusal {
        VectorRefusal::OtherSchema(name) => format!(
            "{name} 색인이 다른 스키마로 이미 있습니다. 그 스키마로 열거나, 지우거나, 다른 이름을 쓰세요"
        ),
        VectorRefusal::NoBinary => {
            "이 저장소는 값마다 1비트인 벡터를 저장하지 않습니다. Redis 8의 벡터 집합만 지원하며, 나머지는 1바이트 이상을 씁니다"
                .to_owned()
        }
        VectorRefusal::BinaryIsApproximate => {
            "값마다 1비트인 벡터는 근사 검색만 됩니다. 그래프 검색으로 만드세요(--approximate)".to_owned()
        }
        VectorRefusal::TooManyMatches(most) => format!(
            "결과를 {most}개 요청했습니다. {}개까지 요청할 수 있습니다",
            VectorQuery::MAX_MATCHES
        ),
        VectorRefusal::AttributeKind { name, expected, given } => format!(
            "속성 {name}의 종류는 {}인데 {}이(가) 주어졌습니다",
            expected.as_str(),
            given.as_str()
        ),
        VectorRefusal::Dimensions { given, expected } => {
            format!("벡터가 {given}차원인데 {expected}차원이어야 합니다")
        }
        VectorRefusal::ZeroVector => "벡터의 값이 모두 0이라 방향이 없습니다".to_owned(),
        VectorRefusal::IdLength(bytes) => {
            format!("id가 {bytes}바이트입니다. 1~{}바이트여야 합니다", VectorId::MAX_BYTES)
        }
        VectorRefusal::AttributeName => {
            "속성 이름은 영문자로 시작하는 a-z A-Z 0-9 _ 64자 이내여야 합니다".to_owned()
        }
        VectorRefusal::UnknownAttribute(name) => format!("색인에 {name} 속성이 없습니다"),
        VectorRefusal::NotFinite(name) => format!("속성 {name}의 수가 유한하지 않습니다"),
        VectorRefusal::Tags(name) => format!(
            "속성 {name}에는 1~{}바이트의 태그를 {}개까지 쓸 수 있습니다",
            VectorEntry::MAX_TAG_BYTES,
            VectorEntry::MAX_TAGS
        ),
        VectorRefusal::AttributeBytes(bytes) => format!(
            "텍스트를 포함한 속성이 {bytes}바이트입니다. {}바이트까지 쓸 수 있습니다",
            VectorEntry::MAX_ATTRIBUTE_BYTES
        ),
        VectorRefusal::NoWords(name) => format!("속성 {name}의 조건에 낱말이 없습니다"),
        VectorRefusal::FilterSize => "필터가 너무 큽니다".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod refusals {
    use super::*;
    use crate::language::catalogue::has_hangul;
    use caching_with_redis::core::Namespace;
    use caching_with_redis::core::vector::{AttributeName, Filter, IndexName, IndexSchema};

    #[test]
    fn what_is_wrong_with_an_entry_or_a_filter_is_said_in_korean() {
        let name = AttributeName::new("topic").unwrap();
        for refusal in [
            VectorRefusal::OtherSchema(IndexName::new(Namespace::default(), "news").unwrap()),
            VectorRefusal::NoBinary,
            VectorRefusal::BinaryIsApproximate,
            VectorRefusal::TooManyMatches(7),
            VectorRefusal::AttributeKind {
                name: name.clone(),
                expected: AttributeKind::Tags,
                given: AttributeKind::Number,
            },
            VectorRefusal::Dimensions { given: 2, expected: 3 },
            VectorRefusal::ZeroVector,
            VectorRefusal::IdLength(0),
            VectorRefusal::AttributeName,
            VectorRefusal::UnknownAttribute(name.clone()),
            VectorRefusal::NotFinite(name.clone()),
            VectorRefusal::Tags(name.clone()),
            VectorRefusal::AttributeBytes(7),
            VectorRefusal::NoWords(name.clone()),
            VectorRefusal::FilterSize,
        ] {
            assert!(has_hangul(&Language::Korean.vector_refusal(&refusal)), "{refusal}");
            assert_eq!(Language::English.vector_refusal(&refusal), refusal.to_string());
        }
        let schema = IndexSchema::new(2).unwrap().with_attribute(name, AttributeKind::Tags);
        for text in ["", "topic", "topic=", "topic==a", "topic=\"a", "topic=a\"", "topic<1", "x=1"]
        {
            let wrong = Filter::parse(text, &schema).unwrap_err();
            let (english, korean) =
                (Language::English.bad_filter(&wrong), Language::Korean.bad_filter(&wrong));
            assert_eq!(english, wrong.to_string());
            assert!(korean.contains(&format!("{}번째 글자: ", wrong.at)), "{korean}");
            assert!(has_hangul(korean.split_once(": ").unwrap().1), "{korean}");
        }
    }
}
