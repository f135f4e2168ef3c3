//! What the settings do. In English their own list says it.

use caching_with_redis::settings::Variable;

use super::Language;

impl Language {
    /// What a setting does, with unit and default.
    pub(crate) fn meaning(self, variable: &Variable) -> &'static str {
        match self {
            Self::English => variable.meaning,
            Self::Korean => korean(variable.variable).unwrap_or(variable.meaning),
        }
    }
}

fn korean(variable: &str) -> Option<&'static str> {
    KOREAN.iter().find(|(known, _)| *known == variable).map(|(_, meaning)| *meaning)
}

/// By the name in the environment.
const KOREAN: &[(&str, &str)] = &[
    ("CACHE_BACKEND", "auto, redis, embedded, memory 중 하나 (auto)"),
    ("REDIS_URL", "redis://, rediss://, unix:// 주소 (redis://127.0.0.1:6379)"),
    ("REDIS_USERNAME", "URL에 적은 것 대신 쓸 Redis 사용자"),
    ("REDIS_PASSWORD", "그 사용자의 비밀번호 (비밀)"),
    ("REDIS_PASSWORD_FILE", "비밀번호가 든 파일. 프로그램이 실행되는 동안 바뀌어도 됩니다"),
    (
        "REDIS_CA_FILE",
        "rediss:// 서버를 보증할 수 있는 유일한 인증 기관들의 PEM 파일 (시스템의 것)",
    ),
    ("REDIS_CERT_FILE", "이 클라이언트 인증서의 PEM 파일"),
    ("REDIS_KEY_FILE", "그 인증서의 개인 키 PEM 파일"),
    ("REDIS_SERVER_NAME", "서버 인증서가 유효해야 할 이름 (호스트 이름)"),
    (
        "CACHE_ENCRYPTION_KEYS",
        "저장하는 모든 것을 암호화할 키가 든 파일. 사용 중인 키가 맨 앞 (없음)",
    ),
    (
        "CACHE_KEY_SECRET",
        "항목의 키가 의존하는 16바이트 이상의 비밀 값. 아무도 추측을 시험할 수 없게 합니다 (없음)",
    ),
    ("CACHE_TTL", "항목의 유효 기간, 초 또는 단위를 붙인 값 (3600)"),
    ("CACHE_TTL_JITTER", "수명을 흩뜨리는 TTL의 비율, 0 이상 1 미만 (0.1)"),
    ("CACHE_STALE_WHILE_REVALIDATE", "TTL이 지난 뒤 갱신하는 동안 항목을 그대로 내주는 시간 (0)"),
    ("CACHE_STALE_IF_ERROR", "TTL이 지난 뒤 계산이 실패하면 항목을 그대로 내주는 시간 (0)"),
    (
        "CACHE_RESPONSES",
        "답변을 캐시할 채팅 요청: deterministic(temperature 0 또는 seed 지정) 또는 all (deterministic)",
    ),
    ("CACHE_RESPONSE_TTL", "답변의 유효 기간 (CACHE_TTL)"),
    (
        "CACHE_SEMANTIC",
        "뜻이 같은 질문이 답변을 함께 쓸지: off, shadow(판단하고 세고 기록만 함), on (off)",
    ),
    (
        "CACHE_SEMANTIC_THRESHOLD",
        "그러려면 필요한 유사도, 0.5~1. 모델과 질문에 따라 다릅니다: 0.83, 또는 네임스페이스별로 \
         shop=0.9,faq=0.8 (없음)",
    ),
    (
        "CACHE_SEMANTIC_GUARDS",
        "그 밖에 일치해야 할 것: all, none, 가드 이름들, 또는 하나만 빼는 -이름 (all)",
    ),
    ("CACHE_SEMANTIC_CANDIDATES", "살펴볼 가장 가까운 질문의 수, 1~100 (4)"),
    ("CACHE_SEMANTIC_BUDGET", "질문을 임베딩하고 비슷한 것을 찾는 최대 시간 (500ms)"),
    ("CACHE_SEMANTIC_INDEX", "질문의 벡터 색인. 이름 뒤에 차원 수가 붙습니다 (questions)"),
    ("CACHE_SESSION_TTL", "마지막 메시지 뒤 대화가 남아 있는 기간 (30d)"),
    ("CACHE_NAMESPACE", "저장소에서 이 애플리케이션이 쓰는 이름 공간 (cache)"),
    ("CACHE_VECTORS", "lossless, fast, near-lossless, compact, tiny 중 하나 (lossless)"),
    ("CACHE_FILE", "내장 저장소 파일 (사용자 캐시 폴더의 caching_with_redis/cache.db)"),
    ("CACHE_MAX_MEMORY", "내장 파일과 메모리 저장소의 크기 제한 (512mb)"),
    ("CACHE_NEAR_MEMORY", "Redis의 항목을 일관되게 가까이 두는 데 쓸 이 프로세스의 메모리 (없음)"),
    ("CACHE_NEAR_STALENESS", "어떤 경우에도 가까이 둔 항목이 넘을 수 없는 오래됨의 한도 (1s)"),
    (
        "CACHE_NEAR_TRACKING",
        "Redis가 근접 캐시에 알려 줄 변경: broadcast(전부) 또는 per-key(읽은 것만) (broadcast)",
    ),
    (
        "CACHE_INDEX_ENGINE",
        "벡터 색인을 검색할 Redis의 기능: auto(서버에 있는 것), search(검색 모듈), sets(벡터 집합), plain(기능 없이, 프로세스 메모리에도 벡터를 두고 비교) (auto)",
    ),
    (
        "CACHE_INDEX_PARTS",
        "색인을 나눌 벡터 집합의 수, 1~1024. 클러스터에서는 주 서버마다 몇 개씩 (1)",
    ),
    (
        "CACHE_INDEX_SIZE",
        "일반 Redis에서 색인 하나의 크기 제한. 먼저 쓴 항목부터 사라집니다 (512mb)",
    ),
    (
        "CACHE_INDEX_MEMORY",
        "프로세스가 직접 검색하는 색인의 메모리 제한. 일반 Redis의 색인 하나가 넘으면 거부하고(1gb), \
         내장 파일의 색인 전체가 넘으면 검색할 때마다 파일에서 읽습니다 (256mb)",
    ),
    (
        "CACHE_INDEX_GRAPHS",
        "근사 색인에 검색 모듈의 그래프를 쓸지: true 또는 false. 거의 같은 항목이 많으면 일부를 잃으며, 색인에 속하는 \
         설정입니다 (false)",
    ),
    (
        "CACHE_INDEX_STALENESS",
        "일반 Redis의 검색이 다른 프로세스의 쓰기를 놓쳐도 되는 시간. 0보다 크면 바뀌는 것이 없는 동안 왕복이 \
         필요 없습니다 (0)",
    ),
    ("CACHE_READ_BUDGET", "저장소 읽기 하나의 최대 시간 (50ms)"),
    ("CACHE_LEASE_BUDGET", "임대를 얻는 최대 시간 (50ms)"),
    ("CACHE_WRITE_BUDGET", "저장소 쓰기 하나의 최대 시간 (100ms)"),
    ("CACHE_STRICT", "저장소의 실패를 미적중이 아니라 오류로 돌려줄지: true 또는 false (false)"),
    ("CACHE_WRITE_BEHIND", "쓰기를 기다리지 않고 대기열에 넣을지: true 또는 false (false)"),
    ("CACHE_WRITE_BEHIND_ENTRIES", "대기열의 최대 항목 수 (10000)"),
    ("CACHE_WRITE_BEHIND_MEMORY", "대기열이 쓸 최대 메모리 (64mb)"),
    ("CACHE_METRICS", "저장소와 제공자를 측정할지: true 또는 false (false)"),
    ("REDIS_MAX_MEMORY", "setup이 시작하는 Redis의 메모리 제한 (512mb)"),
    ("CACHE_PROVIDER", "auto, azure, openai, local, lexical 중 하나 (auto)"),
    ("CACHE_PROVIDER_TIMEOUT", "재시도와 대기를 포함한 서비스 호출 하나의 최대 시간 (120)"),
    ("CACHE_DIMENSIONS", "모델에 요청할 차원 수 (모델의 값, lexical 제공자는 384)"),
    ("CACHE_MODEL_DIR", "local 제공자가 쓸 sentence-transformers 모델 폴더"),
    ("CACHE_MODEL_CHANGE", "배포의 모델이 바뀌었을 때 할 일: follow, warn, refuse (follow)"),
    ("CACHE_PRICES", "직접 정한 가격이 든 파일 (내장 가격)"),
    (
        "AZURE_OPENAI_ENDPOINT",
        "Azure OpenAI 리소스의 엔드포인트. /openai/v1로 끝나면 v1 API를 뜻합니다",
    ),
    ("AZURE_OPENAI_API_KEY", "그 API 키 (비밀)"),
    ("AZURE_OPENAI_AD_TOKEN", "키 대신 쓸 Entra ID 토큰 (비밀)"),
    (
        "AZURE_OPENAI_API_VERSION",
        "기존 API의 날짜 버전 또는 v1 (2024-10-21, 또는 엔드포인트에 따름)",
    ),
    ("AZURE_OPENAI_EMBEDDINGS_DEPLOYMENT", "임베딩 모델의 배포"),
    ("AZURE_OPENAI_CHAT_DEPLOYMENT", "채팅 모델의 배포"),
    ("OPENAI_API_KEY", "OpenAI의 API 키 (비밀)"),
    ("OPENAI_BASE_URL", "OpenAI의 API를 쓰는 서버의 주소 (https://api.openai.com/v1)"),
    ("OPENAI_EMBEDDINGS_MODEL", "OpenAI의 임베딩 모델 (text-embedding-3-small)"),
    ("OPENAI_CHAT_MODEL", "OpenAI의 채팅 모델 (없음)"),
];

#[cfg(test)]
mod tests {
    use caching_with_redis::settings::VARIABLES;

    use super::*;
    use crate::language::catalogue::has_hangul;

    #[test]
    fn every_setting_has_a_korean_side_and_none_is_gone() {
        for known in VARIABLES {
            let name = known.variable;
            let korean = korean(name);
            let korean = korean.unwrap_or_else(|| panic!("{name} is missing in KOREAN above"));
            let names_only = !known.meaning.contains(' ');
            assert!(names_only || has_hangul(korean), "{name}: {korean}");
        }
        for (name, _) in KOREAN {
            assert!(VARIABLES.iter().any(|known| known.variable == *name), "{name} is gone");
        }
    }
}
