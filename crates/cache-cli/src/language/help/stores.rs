//! Commands about the store.

use super::{Text, text};

pub(super) const HELP: &[(&str, Text)] = &[
    (
        "setup",
        text(
            "Start a Redis for the cache, by Docker or redis-server",
            "캐시에 쓸 Redis를 Docker 또는 redis-server로 시작합니다",
        ),
    ),
    (
        "setup.memory",
        text(
            "Its memory limit, such as 512mb or 2gb [default: REDIS_MAX_MEMORY, else 512mb]",
            "메모리 제한. 예: 512mb, 2gb [기본값: REDIS_MAX_MEMORY, 없으면 512mb]",
        ),
    ),
    (
        "setup.port",
        text("Its port on 127.0.0.1 [default: 6379]", "127.0.0.1의 포트 [기본값: 6379]"),
    ),
    (
        "setup.using",
        text(
            "What to start it with: auto, docker or local (redis-server) [default: auto]",
            "시작 방법: auto, docker, local(redis-server) 중 하나 [기본값: auto]",
        ),
    ),
    (
        "setup.stop",
        text("Stop what setup started, and nothing else", "setup이 시작한 것만 중지합니다"),
    ),
    (
        "status",
        text(
            "Show which store is used, why, and how it is",
            "어떤 저장소를 왜 쓰는지, 상태가 어떤지 보여 줍니다",
        ),
    ),
    (
        "status.provider_check",
        text(
            "Ask the provider for one vector, to see whether it works; costs a token or two",
            "제공자가 동작하는지 벡터 하나를 요청해 봅니다. 토큰 한두 개가 듭니다",
        ),
    ),
    (
        "stats",
        text(
            "Show hits, misses and savings of all processes",
            "모든 프로세스의 적중, 미적중, 절약량을 보여 줍니다",
        ),
    ),
    (
        "clear",
        text(
            "Remove all entries of the namespace, and of no other",
            "이 네임스페이스의 항목만 모두 지웁니다",
        ),
    ),
    ("clear.yes", text("Do not ask", "확인을 받지 않습니다")),
    (
        "monitor",
        text(
            "Show what the servers and the caches do, again and again",
            "서버와 캐시가 하는 일을 계속 보여 줍니다",
        ),
    ),
    (
        "monitor.every",
        text(
            "Time between looks, at least 100ms [default: 2s]",
            "갱신 간격, 최소 100ms [기본값: 2s]",
        ),
    ),
    ("monitor.once", text("Look once", "한 번만 보여 줍니다")),
    (
        "monitor.listen",
        text(
            "Serve the figures to Prometheus at this address, such as 127.0.0.1:9187",
            "이 주소에서 Prometheus에 지표를 제공합니다. 예: 127.0.0.1:9187",
        ),
    ),
    (
        "doctor",
        text(
            "Find what is wrong with the store, or soon will be",
            "저장소의 문제와 곧 생길 문제를 찾습니다",
        ),
    ),
    (
        "doctor.sample",
        text(
            "About how many keys to look at [default: 1000]",
            "살펴볼 키의 대략적인 개수 [기본값: 1000]",
        ),
    ),
    (
        "acl",
        text(
            "Print the least rights of a Redis user for the namespace, or give them",
            "네임스페이스에 필요한 Redis 사용자의 최소 권한을 출력하거나 부여합니다",
        ),
    ),
    ("acl.user", text("The user's name [default: cache]", "사용자 이름 [기본값: cache]")),
    (
        "acl.rights",
        text(
            "What the user does: cache, logs (conversations) or all [default: all]",
            "사용자가 할 일: cache, logs(대화), all [기본값: all]",
        ),
    ),
    (
        "acl.cluster",
        text(
            "With what a cluster needs (--apply finds that out)",
            "클러스터에 필요한 권한 포함(--apply는 스스로 알아냅니다)",
        ),
    ),
    (
        "acl.vectors",
        text(
            "With vector indexes, by what searches them: search, sets or plain",
            "벡터 색인 포함. 검색 방식: search, sets, plain 중 하나",
        ),
    ),
    ("acl.sentinel", text("The rights of a user of the Sentinels", "Sentinel 사용자의 권한")),
    ("acl.apply", text("Make the user at every server", "모든 서버에 사용자를 만듭니다")),
    (
        "acl.password_file",
        text(
            "The file whose first line is the user's password",
            "첫 줄이 사용자의 비밀번호인 파일",
        ),
    ),
];
