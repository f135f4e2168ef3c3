//! The program, and the options of every command.

use super::{Text, text};

pub(super) const HELP: &[(&str, Text)] = &[
    (
        "",
        text(
            "Embedding cache: the same text is never paid for twice",
            "임베딩 캐시: 같은 텍스트에 두 번 비용을 치르지 않습니다",
        ),
    ),
    ("help", text("Show this help", "이 도움말을 봅니다")),
    ("version", text("Show the version", "버전을 봅니다")),
    ("json", text("Print JSON", "JSON으로 출력합니다")),
    (
        "backend",
        text(
            "Store: auto, redis, embedded (one file) or memory",
            "저장소: auto, redis, embedded(파일 하나), memory 중 하나",
        ),
    ),
    (
        "provider",
        text(
            "Who embeds: auto, azure, openai, local (a model in this process) or lexical",
            "임베딩 제공자: auto, azure, openai, local(이 프로세스 안의 모델), lexical 중 하나",
        ),
    ),
    (
        "redis_url",
        text(
            "Address of Redis (one with a password belongs into REDIS_URL)",
            "Redis 주소(비밀번호가 있으면 REDIS_URL에 지정하세요)",
        ),
    ),
    (
        "namespace",
        text("The application's part of the store", "저장소에서 이 애플리케이션이 쓰는 이름 공간"),
    ),
    (
        "ttl",
        text(
            "How long an entry is fresh: 3600, 30s, 5m, 2h, 7d",
            "항목의 유효 기간: 3600, 30s, 5m, 2h, 7d",
        ),
    ),
    ("file", text("The embedded file", "내장 저장소 파일")),
    ("config", text("The settings file", "설정 파일")),
    (
        "lang",
        text(
            "Language, en or ko; by default that of the locale",
            "언어, en 또는 ko. 기본값은 로캘을 따릅니다",
        ),
    ),
    (
        "color",
        text(
            "Colour: auto (on a terminal without NO_COLOR), always or never",
            "색: auto(NO_COLOR가 없는 터미널에서만), always, never 중 하나",
        ),
    ),
    (
        "verbose",
        text(
            "Log to standard error, twice for more; RUST_LOG chooses in detail",
            "표준 오류에 로그를 남깁니다. 두 번 쓰면 더 자세하며, RUST_LOG로 세부 조정합니다",
        ),
    ),
];
