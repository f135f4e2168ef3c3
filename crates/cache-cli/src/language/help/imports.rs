//! Commands that take over another library's cache.

use super::{Text, text};

pub(super) const HELP: &[(&str, Text)] = &[
    (
        "import",
        text(
            "Take over the vectors that another library has cached, without asking the provider; nothing of \
             theirs is changed",
            "다른 라이브러리가 캐시한 벡터를 제공자에 묻지 않고 옮겨 옵니다. 원래 캐시는 바꾸지 않습니다",
        ),
    ),
    (
        "import.from",
        text(
            "Address of the Redis that holds the old cache [default: FROM_REDIS_URL, else that of this cache]; \
             its password belongs into FROM_REDIS_URL or FROM_REDIS_PASSWORD, certificates into \
             FROM_REDIS_CA_FILE and so on",
            "원래 캐시가 있는 Redis 주소 [기본값: FROM_REDIS_URL, 없으면 이 캐시의 Redis]. 비밀번호는 \
             FROM_REDIS_URL이나 FROM_REDIS_PASSWORD에, 인증서는 FROM_REDIS_CA_FILE 등에 지정하세요",
        ),
    ),
    (
        "import.as_model",
        text(
            "Store for programs that compute by themselves and call the model so (get_or_compute), in place of \
             the provider of the settings",
            "설정의 제공자 대신, 직접 계산하면서 모델을 이 이름으로 부르는 프로그램(get_or_compute)용으로 저장합니다",
        ),
    ),
    (
        "import.dimensions",
        text(
            "Dimensions of the model's vectors, where the provider does not say; others are left out",
            "모델 벡터의 차원 수. 제공자가 알려 주지 않을 때 필요하며, 다른 차원의 벡터는 옮기지 않습니다",
        ),
    ),
    (
        "import.input",
        text(
            "What the texts are for, where programs say that when they embed: query or document",
            "임베딩할 때 용도를 지정하는 프로그램용: query(질문) 또는 document(문서)",
        ),
    ),
    (
        "import.overwrite",
        text(
            "Write over vectors that are cached here already",
            "이미 이 캐시에 있는 벡터도 덮어씁니다",
        ),
    ),
    ("import.dry_run", text("Look and count, and write nothing", "보고 세기만 하고 쓰지 않습니다")),
    (
        "import.redisvl",
        text(
            "From RedisVL's EmbeddingsCache. Times to live are kept, unless --ttl is given",
            "RedisVL의 EmbeddingsCache에서 옮깁니다. --ttl을 주지 않으면 남은 유효 기간을 유지합니다",
        ),
    ),
    (
        "import.redisvl.name",
        text(
            "The name that the cache was given [default: embedcache]",
            "캐시를 만들 때 준 이름 [기본값: embedcache]",
        ),
    ),
    (
        "import.redisvl.model",
        text(
            "Take entries that were recorded under this model [default: the name of the provider's model, or \
             --as-model]",
            "이 모델 이름으로 기록된 항목을 옮깁니다 [기본값: 제공자의 모델 이름, 또는 --as-model]",
        ),
    ),
    (
        "import.redisvl.batch",
        text(
            "Entries in one round trip, 1 to 10000 [default: 256]",
            "한 번에 주고받는 항목 수, 1~10000 [기본값: 256]",
        ),
    ),
    (
        "import.langchain",
        text(
            "From LangChain's CacheBackedEmbeddings over a RedisStore. It keeps hashes of texts, so that the \
             texts are needed. Times to live are kept, unless --ttl is given",
            "RedisStore를 쓰는 LangChain CacheBackedEmbeddings에서 옮깁니다. 텍스트의 해시만 저장되어 있으므로 \
             텍스트가 필요합니다. --ttl을 주지 않으면 남은 유효 기간을 유지합니다",
        ),
    ),
    (
        "import.langchain.source",
        text(
            "The texts to look for: one a line, or JSONL; - is standard input",
            "찾을 텍스트. 한 줄에 하나 또는 JSONL. -는 표준 입력",
        ),
    ),
    (
        "import.langchain.format",
        text(
            "auto (by the file's name, else by its first line), lines or jsonl [default: auto]",
            "auto(파일 이름, 아니면 첫 줄로 판단), lines, jsonl 중 하나 [기본값: auto]",
        ),
    ),
    (
        "import.langchain.batch",
        text(
            "Texts in one round trip, 1 to 10000 [default: 256]",
            "한 번에 주고받는 텍스트 수, 1~10000 [기본값: 256]",
        ),
    ),
    (
        "import.langchain.prefix",
        text(
            "What stands before the hash in its keys: the namespace, and before that the RedisStore's own with a \
             slash, if it has one",
            "키에서 해시 앞에 오는 것: 네임스페이스. RedisStore에 네임스페이스가 따로 있으면 그 이름과 빗금을 앞에 붙입니다",
        ),
    ),
    (
        "import.langchain.key_encoder",
        text(
            "How texts became keys: sha1, blake2b, sha256, sha512, or auto, which tries all [default: auto]",
            "텍스트를 키로 바꾼 방식: sha1, blake2b, sha256, sha512, 모두 시도하는 auto 중 하나 [기본값: auto]",
        ),
    ),
];
