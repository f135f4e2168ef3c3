//! What the statistics of the caches say, by their English side.

pub(super) const KOREAN: &[(&str, &str)] = &[
    ("Lookups answered by the store within the TTL", "TTL 안에서 저장소가 답한 조회"),
    ("Lookups answered by the store beyond the TTL", "TTL이 지난 항목으로 저장소가 답한 조회"),
    ("Lookups that found nothing under their key", "키에 아무것도 없던 조회"),
    (
        "Lookups whose entry was past its windows or its absolute maximum",
        "항목이 유예 기간이나 절대 최대 수명을 넘긴 조회",
    ),
    (
        "Lookups whose entry was older than the call's maximum age",
        "항목이 호출의 최대 나이보다 오래된 조회",
    ),
    (
        "Lookups whose entry did not verify. Each is computed anew and overwritten",
        "항목이 검증되지 않은 조회. 모두 새로 계산하여 덮어씁니다",
    ),
    ("Lookups that met a failing store", "저장소가 실패한 조회"),
    ("Lookups that asked for a new computation", "새로 계산하라고 요청한 조회"),
    ("Lookups that left the cache out", "캐시를 거치지 않은 조회"),
    (
        "Misses that got their vector from a computation that was already under way, in this process or in another",
        "이 프로세스나 다른 프로세스에서 이미 진행 중이던 계산의 벡터를 받은 미적중",
    ),
    ("Calls of the provider or of closures", "제공자나 클로저의 호출"),
    ("Calls that failed", "실패한 호출"),
    ("Texts given to them", "호출에 넘긴 텍스트"),
    ("Tokens billed, as far as the provider says", "제공자가 알려 준 청구 토큰"),
    ("Time spent in them, in microseconds", "호출에 쓴 시간, 마이크로초"),
    (
        "Tokens that hits did not spend, as far as the provider said",
        "제공자가 알려 준 만큼, 적중으로 쓰지 않은 토큰",
    ),
    (
        "Replies by another model than the one that the entries are of",
        "항목과 다른 모델이 보낸 응답",
    ),
    (
        "Computing time that hits did not spend, in microseconds: the time each vector once took",
        "적중으로 쓰지 않은 계산 시간, 마이크로초: 벡터마다 처음 걸린 시간",
    ),
    ("Vectors written", "저장한 벡터"),
    ("Bytes of the written values, headers included", "저장한 값의 바이트, 헤더 포함"),
    (
        "Bytes the same vectors take as plain 32-bit floats",
        "같은 벡터를 그대로의 32비트 부동소수점으로 둘 때의 바이트",
    ),
    (
        "Writes that failed; their vectors were served all the same",
        "실패한 쓰기. 벡터는 그래도 전달했습니다",
    ),
    ("Lookups whose entry was past its windows", "항목이 유예 기간을 넘긴 조회"),
    ("Lookups whose entry had been invalidated", "항목이 무효화된 조회"),
    (
        "Lookups whose entry was of a model that the deployment no longer has",
        "항목이 배포에 더는 없는 모델의 것인 조회",
    ),
    (
        "Lookups whose entry was recorded without the usage that they needed",
        "항목에 필요한 사용량이 기록되지 않은 조회",
    ),
    (
        "Lookups whose entry did not verify. Each is asked for anew and overwritten",
        "항목이 검증되지 않은 조회. 모두 다시 물어 덮어씁니다",
    ),
    ("Lookups that asked for a new answer", "새 답변을 요청한 조회"),
    ("Requests that the policy does not cache", "정책상 캐시하지 않는 요청"),
    (
        "Misses that joined a call that was already under way, in this process or in another",
        "이 프로세스나 다른 프로세스에서 이미 진행 중이던 호출에 합류한 미적중",
    ),
    ("Calls of the provider", "제공자의 호출"),
    (
        "Tokens of requests billed, as far as the provider says",
        "제공자가 알려 준, 청구된 요청 토큰",
    ),
    ("Tokens of answers billed, as far as the provider says", "제공자가 알려 준, 청구된 답변 토큰"),
    ("Tokens of requests that hits did not spend", "적중으로 쓰지 않은 요청 토큰"),
    ("Tokens of answers that hits did not spend", "적중으로 쓰지 않은 답변 토큰"),
    (
        "Time that hits did not spend, in microseconds: the time each answer once took",
        "적중으로 쓰지 않은 시간, 마이크로초: 답변마다 처음 걸린 시간",
    ),
    ("Answers written", "저장한 답변"),
    ("Bytes of the same before compression", "압축하기 전의 바이트"),
    (
        "Writes that failed; their answers were given all the same",
        "실패한 쓰기. 답변은 그래도 전달했습니다",
    ),
    (
        "Answers that the policy does not keep: cut off, filtered or incomplete",
        "정책상 보관하지 않는 답변: 잘렸거나 걸러졌거나 불완전한 것",
    ),
    ("Answers that are longer than the policy keeps", "정책이 보관하는 길이를 넘는 답변"),
    (
        "Calls of the provider that were given up since nobody waited for them any more",
        "아무도 더 기다리지 않아 포기한 제공자 호출",
    ),
    (
        "Lookups answered with the answer to a question that means the same",
        "뜻이 같은 질문의 답변으로 답한 조회",
    ),
    (
        "Lookups that would have been, but for the shadow mode",
        "섀도 모드가 아니었다면 그렇게 답했을 조회",
    ),
    (
        "Semantic lookups that found no question of their context. (Those that end so, and in all ways that follow, also count under the cause of their exact miss.)",
        "같은 맥락의 질문을 찾지 못한 의미 조회. (이것과 아래 방식으로 끝난 조회는 정확 조회의 미적중 원인에도 집계됩니다.)",
    ),
    (
        "… whose nearest question was below the threshold",
        "… 가장 가까운 질문이 임계값에 못 미친 것",
    ),
    (
        "… whose nearest question was asked in another context",
        "… 가장 가까운 질문이 다른 맥락의 것이었던 것",
    ),
    ("… whose nearest question's answer was gone", "… 가장 가까운 질문의 답변이 이미 사라진 것"),
    (
        "… whose nearest question was marked as wrong for them",
        "… 가장 가까운 질문이 맞지 않는다고 표시된 것",
    ),
    (
        "… that failed, took too long, or were left out after such",
        "… 실패했거나 너무 오래 걸렸거나 그런 뒤라 건너뛴 것",
    ),
    ("… whose nearest question differed in its language", "… 가장 가까운 질문과 언어가 다른 것"),
    ("… whose nearest question differed in its code", "… 가장 가까운 질문과 코드가 다른 것"),
    ("… whose nearest question differed in its quotes", "… 가장 가까운 질문과 인용이 다른 것"),
    ("… whose nearest question differed in its dates", "… 가장 가까운 질문과 날짜가 다른 것"),
    ("… whose nearest question differed in its times", "… 가장 가까운 질문과 시각이 다른 것"),
    ("… whose nearest question differed in its currencies", "… 가장 가까운 질문과 통화가 다른 것"),
    ("… whose nearest question differed in its units", "… 가장 가까운 질문과 단위가 다른 것"),
    ("… whose nearest question differed in its numbers", "… 가장 가까운 질문과 숫자가 다른 것"),
    ("… whose nearest question differed in its question", "… 가장 가까운 질문과 물음이 다른 것"),
    ("… whose nearest question differed in its negation", "… 가장 가까운 질문과 부정이 다른 것"),
    ("… whose nearest question differed in its opposites", "… 가장 가까운 질문과 반대말이 다른 것"),
    ("… whose nearest question differed in its names", "… 가장 가까운 질문과 이름이 다른 것"),
    ("… whose nearest question differed in its order", "… 가장 가까운 질문과 순서가 다른 것"),
    (
        "… whose nearest question differed in its substitution",
        "… 가장 가까운 질문과 바뀐 낱말이 다른 것",
    ),
    (
        "… whose nearest question differed in its additions",
        "… 가장 가까운 질문과 덧붙은 말이 다른 것",
    ),
    (
        "Nearest questions less than 0.01 below the threshold",
        "임계값에 0.01보다 적게 못 미친, 가장 가까운 질문",
    ),
    (
        "Nearest questions 0.01 to 0.02 below the threshold",
        "임계값에 0.01 이상 0.02 미만 못 미친, 가장 가까운 질문",
    ),
    (
        "Nearest questions 0.02 to 0.05 below the threshold",
        "임계값에 0.02 이상 0.05 미만 못 미친, 가장 가까운 질문",
    ),
    (
        "Nearest questions 0.05 to 0.1 below the threshold",
        "임계값에 0.05 이상 0.1 미만 못 미친, 가장 가까운 질문",
    ),
    (
        "Nearest questions 0.1 or more below the threshold",
        "임계값에 0.1 이상 못 미친, 가장 가까운 질문",
    ),
    ("Served pairs that were verified", "검증한, 실제로 답한 쌍"),
    ("… and found wrong", "… 그 가운데 틀린 것"),
    ("Near misses that were verified", "검증한, 아깝게 못 미친 쌍"),
    ("… and found to ask the same", "… 그 가운데 같은 것을 물은 것"),
    ("Answers that were marked as wrong", "틀렸다고 표시된 답변"),
    ("Questions that could not be put into the index", "색인에 넣지 못한 질문"),
];
