//! What the verbs say, `setup` apart.

use super::catalogue::messages;

messages! {
    // Labels of rows.
    label_backend() { "backend" "백엔드" }
    label_reason() { "because" "선택 이유" }
    label_location() { "location" "위치" }
    label_server() { "server" "서버" }
    label_memory() { "memory" "메모리" }
    label_eviction() { "eviction" "축출 정책" }
    label_near() { "near cache" "근접 캐시" }
    label_latency() { "latency" "지연 시간" }
    label_entries() { "entries" "항목" }
    label_namespace() { "namespace" "네임스페이스" }
    label_life() { "fresh for" "유효 기간" }
    label_vectors() { "vectors" "벡터 저장 방식" }
    label_provider() { "provider" "임베딩 제공자" }
    label_served() { "served by" "배포 위치" }
    label_check() { "check" "점검" }
    label_tokens() { "tokens" "토큰" }
    label_cost() { "price" "가격" }
    label_chat() { "chat" "채팅" }
    label_question() { "question" "질문" }
    label_answer() { "answer" "답변" }
    label_money() { "money" "비용" }
    label_model_changes() { "model changes" "모델 변경" }
    label_first() { "first" "첫 번째" }
    label_second() { "second" "두 번째" }
    label_stored() { "stored" "저장 크기" }
    label_fidelity() { "fidelity" "정확도" }
    label_key() { "key" "키" }
    label_hits() { "hits" "적중" }
    label_misses() { "misses" "미적중" }
    label_hit_rate() { "hit rate" "적중률" }
    label_time_saved() { "time saved" "절약한 시간" }
    label_tokens_saved() { "tokens saved" "절약한 토큰" }
    label_provider_calls() { "provider calls" "제공자 호출" }
    label_semantic_hits() { "semantic hits" "의미 적중" }
    label_semantic_misses() { "semantic misses" "의미 미적중" }
    label_semantic_near() { "nearly similar enough (within 0.02)" "임계값에 근접(0.02 이내)" }
    label_coalesced() { "coalesced" "합쳐진 요청" }
    label_writes() { "vectors written" "저장한 벡터" }
    label_compression() { "compression" "압축" }
    label_write_errors() { "failed writes" "저장 실패" }
    label_codec() { "codec" "코덱" }
    label_dimensions() { "dimensions" "차원" }
    label_age() { "age" "저장 후 경과" }
    label_input() { "input" "입력" }

    // What is kept near.
    near_told(size: &str) {
        "up to {size}; the server tells what changes"
        "최대 {size}, 변경을 서버가 알려 줌"
    }
    near_untold(size: &str, longest: &str) {
        "up to {size}, for {longest} at most: the server does not tell what changes"
        "최대 {size}, 최장 {longest}: 서버가 변경을 알려 주지 않음"
    }
    near_nothing() {
        "nothing at the moment: it is not known whether the server tells what changes"
        "지금은 비어 있음: 서버가 변경을 알려 주는지 아직 알 수 없음"
    }

    // Why this store.
    why_chosen() { "chosen by the settings" "설정에서 지정함" }
    why_url() {
        "an address of Redis is set"
        "Redis 주소가 지정되어 있음"
    }
    why_found() {
        "a Redis answers at the default address"
        "기본 주소에서 Redis가 응답함"
    }
    why_none(reason: &str) {
        "no Redis to use at the default address ({reason}); set REDIS_URL to use one elsewhere"
        "기본 주소에 쓸 수 있는 Redis가 없음({reason}). 다른 곳의 Redis를 쓰려면 REDIS_URL을 지정하세요"
    }
    why_unknown() { "taken by the library" "라이브러리가 선택함" }

    // Why this provider.
    why_azure() {
        "AZURE_OPENAI_ENDPOINT and AZURE_OPENAI_EMBEDDINGS_DEPLOYMENT are set"
        "AZURE_OPENAI_ENDPOINT와 AZURE_OPENAI_EMBEDDINGS_DEPLOYMENT가 지정되어 있음"
    }
    why_openai() {
        "OPENAI_API_KEY or OPENAI_BASE_URL is set"
        "OPENAI_API_KEY 또는 OPENAI_BASE_URL이 지정되어 있음"
    }
    why_model() { "CACHE_MODEL_DIR is set" "CACHE_MODEL_DIR이 지정되어 있음" }
    why_lexical() {
        "no service is set up; it knows spelling, not meaning: set AZURE_OPENAI_ENDPOINT, \
         OPENAI_API_KEY or CACHE_MODEL_DIR for a real model"
        "설정된 서비스가 없음. 철자만 알고 뜻은 모르므로, 실제 모델을 쓰려면 AZURE_OPENAI_ENDPOINT, \
         OPENAI_API_KEY, CACHE_MODEL_DIR 중 하나를 지정하세요"
    }
    incomplete_azure(set: &str, missing: &str) {
        "{set} is set and {missing} is not: Azure OpenAI is not used for embeddings"
        "{set}은(는) 지정되었지만 {missing}이(가) 없어 임베딩에 Azure OpenAI를 쓰지 않습니다"
    }

    // The provider and its prices.
    with_dimensions(model: &str, dimensions: u32) {
        "{model}, {dimensions} dimensions"
        "{model}, {dimensions}차원"
    }
    deployed_at(deployment: &str, endpoint: &str) {
        "{deployment} at {endpoint}"
        "{endpoint}의 {deployment} 배포"
    }
    answered(what: &str, time: &str) { "{what}, in {time}" "{what}, {time} 만에 응답" }
    with_tokens(what: &str, tokens: &str) { "{what}, {tokens} tokens" "{what}, 토큰 {tokens}개" }
    cost(money: &str, input: &str, date: &str) {
        "{money} ({input} a million tokens, as of {date})"
        "{money} (토큰 백만 개에 {input}, {date} 기준)"
    }
    cost_of_both(money: &str, input: &str, output: &str, date: &str) {
        "{money} ({input} a million tokens read, {output} written, as of {date})"
        "{money} (백만 개당 입력 토큰 {input}, 출력 토큰 {output}, {date} 기준)"
    }
    no_price() {
        "unknown: name the deployment's model, or its price, in the file of CACHE_PRICES"
        "알 수 없음. CACHE_PRICES 파일에 배포의 모델이나 가격을 적으세요"
    }
    saved_and_spent(saved: &str, spent: &str) {
        "{saved} saved, {spent} spent"
        "{saved} 절약, {spent} 지출"
    }

    // Status.
    memory_bounded(used: &str, limit: &str) { "{used} of {limit}" "{limit} 중 {used} 사용" }
    memory_unbounded(used: &str) { "{used}, no limit" "{used} 사용, 제한 없음" }
    memory_unknown() { "unknown" "알 수 없음" }
    latency(least: &str, median: &str, samples: usize) {
        "least {least}, median {median} of {samples}"
        "최소 {least}, 중앙값 {median} ({samples}회 측정)"
    }
    entries_and_bytes(entries: &str, bytes: &str) { "{entries}, {bytes}" "{entries}개, {bytes}" }
    entries_and_about(entries: &str, bytes: &str) {
        "{entries}, about {bytes}"
        "{entries}개, 약 {bytes}"
    }
    misspelt_variable(name: &str, meant: &str) {
        "the environment variable {name} is not one of ours; {meant} is"
        "환경 변수 {name}은(는) 이 프로그램이 아는 이름이 아닙니다. {meant}을(를) 쓰려고 하셨나요?"
    }
    unknown_variable(name: &str) {
        "the environment variable {name} is not one of ours"
        "환경 변수 {name}은(는) 이 프로그램이 아는 이름이 아닙니다"
    }

    // Test.
    hit_in(time: &str) { "hit, {time}" "적중, {time}" }
    miss_in(time: &str) { "miss, computed in {time}" "미적중, 계산에 {time}" }
    faster(times: &str) { "{times} times faster" "{times}배 빠름" }
    stored_of_raw(stored: &str, raw: &str, percent: &str, codec: &str) {
        "{stored} as {codec}, {percent} of the raw {raw}"
        "{stored} ({codec}), 원본 {raw}의 {percent}"
    }
    not_stored() { "not stored" "저장되지 않음" }
    exact() { "exact, bit for bit" "비트 단위까지 정확히 일치" }
    not_compared() {
        "not compared, which would take another call that costs money"
        "비교하지 않음. 비교하려면 비용이 드는 호출이 한 번 더 필요합니다"
    }
    default_question() {
        "What is an embedding cache good for? Answer in one sentence."
        "임베딩 캐시는 어디에 쓰나요? 한 문장으로 답해 주세요."
    }
    no_answer(reason: &str) {
        "no text; the model ended with {reason}"
        "텍스트 없음. 모델이 끝낸 이유: {reason}"
    }
    read_and_written(read: &str, written: &str) {
        "{read} read, {written} written"
        "입력 {read}, 출력 {written}"
    }
    cosine(value: &str) { "cosine {value}" "코사인 유사도 {value}" }
    gone_with_the_program() {
        "the memory backend ends with this program: nothing of this stays cached"
        "memory 백엔드는 이 프로그램과 함께 사라지므로 캐시에 남는 것이 없습니다"
    }

    // Stats.
    compression(ratio: &str, stored: &str, raw: &str) {
        "{ratio} times ({stored} for {raw})"
        "{ratio}배 (원본 {raw} → {stored})"
    }
    misses_by_cause(misses: &str, causes: &str) { "{misses} ({causes})" "총 {misses} ({causes})" }
    cause_absent() { "absent" "없음" }
    cause_expired() { "expired" "만료" }
    cause_too_old() { "too old" "오래됨" }
    cause_corrupt() { "damaged" "손상" }
    cause_store_error() { "store failed" "저장소 오류" }
    cause_refresh() { "refreshed" "새로 계산" }
    cause_bypass() { "bypassed" "캐시 우회" }
    semantic_shadow() { "would have been served" "섀도 모드 적중" }
    semantic_nothing() { "no such question" "해당 질문 없음" }
    semantic_below_threshold() { "not similar enough" "유사도 부족" }
    semantic_guarded() { "held back by guards" "가드가 막음" }
    semantic_other_context() { "other context" "다른 맥락" }
    semantic_gone() { "answer gone" "답 없어짐" }
    semantic_marked() { "marked as wrong" "오답으로 표시됨" }
    semantic_failed() { "failed" "실패" }
    provider_calls(calls: &str, inputs: &str, errors: &str) {
        "{calls} for {inputs} texts, {errors} failed"
        "{calls}회, 텍스트 {inputs}개, 실패 {errors}회"
    }
    hits_with_stale(hits: &str, stale: &str) {
        "{hits}, {stale} of them stale"
        "{hits}, 그중 만료 후 제공 {stale}"
    }

    // Clear.
    confirm_clear(entries: &str, namespace: &str, location: &str) {
        "Remove all {entries} entries of the namespace {namespace} from {location}? [y/N] "
        "{location}에서 네임스페이스 {namespace}의 항목 {entries}개를 모두 지울까요? [y/N] "
    }
    clear_needs_yes() {
        "clear asks before it removes anything, and here is no terminal to ask on: add --yes"
        "clear는 지우기 전에 확인을 받지만 물어볼 터미널이 없습니다. --yes를 붙이세요"
    }
    nothing_cleared() { "nothing was removed" "아무것도 지우지 않았습니다" }
    cleared(removed: &str, namespace: &str, location: &str) {
        "removed {removed} entries of the namespace {namespace} from {location}"
        "{location}에서 네임스페이스 {namespace}의 항목 {removed}개를 지웠습니다"
    }
    indexes_stay(indexes: &str) {
        "vector indexes are no entries and stay: {indexes}; index drop removes one with all it holds"
        "벡터 색인은 항목이 아니어서 그대로 남습니다: {indexes}. index drop으로 하나씩 지울 수 있습니다"
    }
    clearing(removed: &str) { "{removed} removed" "{removed}개 지움" }

    // Get and explain.
    not_cached() { "not cached" "캐시에 없습니다" }
    stale() { "past its life, still served" "유효 기간이 지났지만 아직 제공됨" }
    input_size(bytes: &str) { "{bytes} bytes" "{bytes}바이트" }
    input_size_and_digest(bytes: &str, digest: &str) {
        "{bytes} bytes, BLAKE3 {digest}"
        "{bytes}바이트, BLAKE3 {digest}"
    }
    same_key() {
        "the same key: these two share one entry"
        "같은 키입니다. 둘은 캐시 항목 하나를 함께 씁니다"
    }
    key_unknown() {
        "not known yet: it depends on the model that answers, and nothing has been embedded so far"
        "아직 알 수 없음. 키는 응답하는 모델에 따라 정해지는데 아직 임베딩한 것이 없습니다"
    }
    different_keys() {
        "different keys; what differs:"
        "서로 다른 키입니다. 다른 점은 다음과 같습니다:"
    }
    absent() { "(absent)" "(없음)" }

    // Warm.
    warmed(texts: &str, hits: &str, computed: &str, failed: &str, time: &str) {
        "{texts} texts: {hits} hits, {computed} computed, {failed} failed, in {time}"
        "텍스트 {texts}개: 적중 {hits}, 계산 {computed}, 실패 {failed}, 걸린 시간 {time}"
    }
    warmed_for(done: &str, tokens: &str) {
        "{done}; {tokens} tokens"
        "{done}, 토큰 {tokens}개"
    }
    warmed_for_money(done: &str, tokens: &str, money: &str) {
        "{done}; {tokens} tokens, {money}"
        "{done}, 토큰 {tokens}개, {money}"
    }
    warm_interrupted() {
        "interrupted; what was computed is stored, and the next run goes on from there"
        "중단했습니다. 계산한 것은 저장되었으며, 다시 실행하면 이어서 진행합니다"
    }
    finishing_batches() {
        "finishing what has begun; interrupt again to stop at once"
        "진행 중인 작업을 마칩니다. 바로 멈추려면 한 번 더 누르세요"
    }
    line_failed(line: u64, reason: &str) { "line {line}: {reason}" "{line}번째 줄: {reason}" }
    more_failed(count: &str) { "and {count} more" "그 밖에 {count}개 더 있습니다" }
    line_not_utf8() { "not valid UTF-8" "올바른 UTF-8이 아닙니다" }
    line_too_long(limit: &str) { "longer than {limit}" "{limit}보다 깁니다" }
    line_not_json() { "not JSON" "JSON이 아닙니다" }
    line_without_text() {
        "neither a JSON string nor an object with a string \"text\""
        "JSON 문자열도, 문자열 \"text\"가 있는 객체도 아닙니다"
    }
    line_empty() { "the text is empty" "텍스트가 비어 있습니다" }
    warming(texts: &str, hits: &str, failed: &str) {
        "{texts} texts, {hits} hits, {failed} failed"
        "텍스트 {texts}개, 적중 {hits}, 실패 {failed}"
    }
}
