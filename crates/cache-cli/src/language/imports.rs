//! Taking over another library's cache.

use super::catalogue::messages;

messages! {
    importing(entries: &str, imported: &str, failed: &str) {
        "{entries} looked at, {imported} imported, {failed} failed"
        "{entries}개 확인, {imported}개 옮김, 실패 {failed}"
    }
    import_interrupted() {
        "interrupted; what was imported is stored, and the next run passes over it"
        "중단했습니다. 옮긴 것은 저장되었으며, 다시 실행하면 건너뜁니다"
    }

    // What came of it.
    label_imported() { "imported" "옮김" }
    label_would_import() { "would be imported" "옮길 항목" }
    label_already_here() { "already here" "이미 있음" }
    label_repeated() { "repeated texts" "반복된 텍스트" }
    label_not_there() { "not in the old cache" "원래 캐시에 없음" }
    label_other_models() { "of other models" "다른 모델의 항목" }
    label_import_failed() { "left out" "옮기지 못함" }
    label_import_dimensions() { "dimensions" "차원" }
    label_import_took() { "took" "걸린 시간" }
    number_of(name: &str, count: &str) { "{name}: {count}" "{name}: {count}개" }

    // Why an entry is left out.
    unfit_foreign() { "not of that cache" "그 캐시의 항목이 아님" }
    unfit_mismatched() { "no text, or not that of its key" "텍스트가 아니거나 키와 맞지 않음" }
    unfit_damaged() { "no list of numbers" "숫자 목록이 아님" }
    unfit_not_finite() { "numbers that are not finite" "유한하지 않은 숫자" }
    unfit_dimensions() { "other dimensions" "다른 차원 수" }
    unfit_too_long() { "too long" "너무 김" }
    unfit_line() { "lines without a text" "텍스트가 없는 줄" }

    // When there was nothing.
    no_redisvl_entries(prefix: &str) {
        "there are no entries whose keys begin with {prefix:?}: --name is the name that the cache was given, \
         --from the address of its Redis"
        "키가 {prefix:?}(으)로 시작하는 항목이 없습니다. --name은 캐시를 만들 때 준 이름, --from은 그 Redis의 주소입니다"
    }
    only_other_models(wanted: &str) {
        "no entry was recorded under {wanted}: --model says under which name those of this provider were"
        "{wanted}(으)로 기록된 항목이 없습니다. 이 제공자의 항목이 기록된 이름을 --model로 지정하세요"
    }
    no_langchain_entries(prefix: &str) {
        "none of these texts is at {prefix:?} and its hash: --prefix is what stands before the hash, --from the \
         address of the Redis; keys of an encoder of your own cannot be found"
        "{prefix:?}와 해시로 된 키에 이 텍스트들이 없습니다. --prefix는 해시 앞에 오는 것, --from은 Redis의 주소입니다. \
         직접 만든 인코더의 키는 찾을 수 없습니다"
    }

    // When it cannot begin.
    import_model_unknown() {
        "keys depend on which model answers at the deployment, and none has answered yet: embed one text first \
         (cache-cli test --text hello), which costs a token or two"
        "키는 배포에서 응답하는 모델에 따라 정해지는데 아직 응답이 없었습니다. 먼저 텍스트 하나를 임베딩하세요 \
         (cache-cli test --text hello). 토큰 한두 개가 듭니다"
    }
    import_needs_dimensions() {
        "nobody says how many dimensions the vectors are to have: give --dimensions; a run with --dry-run shows \
         what there is"
        "벡터의 차원 수를 알 수 없습니다. --dimensions를 지정하세요. --dry-run으로 무엇이 있는지 볼 수 있습니다"
    }
    import_other_dimensions(own: &str, given: &str) {
        "the provider's vectors have {own} dimensions, not {given}: leave --dimensions out, or change the \
         provider's settings"
        "제공자의 벡터는 {given}차원이 아니라 {own}차원입니다. --dimensions를 빼거나 제공자 설정을 바꾸세요"
    }
    import_source_settings(detail: &str) {
        "for the old cache's Redis, whose settings begin with FROM_: {detail}"
        "원래 캐시의 Redis 설정(FROM_으로 시작)이 잘못되었습니다: {detail}"
    }
}
