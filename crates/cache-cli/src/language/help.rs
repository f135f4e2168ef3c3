//! The texts of `--help`.

use super::Language;

/// A text in both languages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text {
    english: &'static str,
    korean: &'static str,
}

impl Text {
    /// The text in this language.
    pub(crate) fn in_language(self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::Korean => self.korean,
        }
    }
}

const fn text(english: &'static str, korean: &'static str) -> Text {
    Text { english, korean }
}

pub(crate) const OPTIONS: Text = text("Options", "옵션");
pub(crate) const COMMON_OPTIONS: Text = text("Options of every command", "공통 옵션");
pub(crate) const ARGUMENTS: Text = text("Arguments", "인수");
pub(crate) const COMMANDS: Text = text("Commands", "명령");
pub(crate) const COMMAND: Text = text("COMMAND", "명령");
pub(crate) const USAGE: Text = text("Usage:", "사용법:");
pub(crate) const OPTIONS_IN_USAGE: Text = text("[OPTIONS]", "[옵션]");

/// What follows the options.
pub(crate) const EXIT_CODES: Text = text(
    "\
Exit codes:
  0    done
  1    the answer is no: a problem found, not cached, no such session, some texts failed, not
       confirmed, changed meanwhile, another Redis is there
  2    the command line or a setting is wrong
  3    the store cannot be reached, or failed
  4    the provider failed: wrong key, no such deployment, refused text, no answer
  5    this machine failed: a file, a missing program, a port in use
  130  interrupted

Settings come from flags, then the environment (REDIS_URL, CACHE_TTL, AZURE_OPENAI_ENDPOINT, …),
then the settings file (cache.toml). With --json an error is one object on standard error.",
    "\
종료 코드:
  0    완료
  1    부정적인 결과: 문제 발견, 캐시에 없음, 세션 없음, 일부 텍스트 실패, 확인 거부, 그 사이 변경됨,
       다른 Redis가 이미 실행 중
  2    명령줄이나 설정이 잘못됨
  3    저장소에 연결할 수 없거나 저장소 작업이 실패함
  4    제공자가 실패함: 잘못된 키, 없는 배포, 거부된 텍스트, 응답 없음
  5    이 컴퓨터의 문제: 파일, 없는 프로그램, 사용 중인 포트
  130  중단됨

설정은 명령줄 옵션, 환경 변수(REDIS_URL, CACHE_TTL, AZURE_OPENAI_ENDPOINT 등),
설정 파일(cache.toml)의 순서로 적용됩니다. --json을 쓰면 오류는 표준 오류에 객체 하나로 출력됩니다.",
);

/// Commands by their name, options by `command.option`, those of every command by their name alone;
/// the program itself is the empty name.
const HELP: &[(&str, Text)] = &[
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
        "test",
        text(
            "Embed a text twice, ask a question twice, remember both: what the caches do",
            "텍스트 임베딩과 질문을 두 번씩 하고 대화로 기록하여 캐시가 하는 일을 보여 줍니다",
        ),
    ),
    ("test.text", text("The text to embed", "임베딩할 텍스트")),
    (
        "test.question",
        text(
            "What to ask the chat model, or the bundled server that echoes [default: a short question]",
            "채팅 모델(없으면 내장 에코 서버)에 물어볼 내용 [기본값: 짧은 질문]",
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
    ("get", text("Show what is cached of a text", "텍스트의 캐시 항목을 보여 줍니다")),
    ("get.text", text("The text", "텍스트")),
    ("get.vector", text("Print the vector's values too", "벡터의 값도 출력합니다")),
    (
        "explain",
        text(
            "Show what makes the key of a text, or how the keys of two differ",
            "텍스트의 키가 무엇으로 만들어지는지, 두 키가 어떻게 다른지 보여 줍니다",
        ),
    ),
    ("explain.text", text("The text", "텍스트")),
    ("explain.text2", text("A text to compare it with", "비교할 텍스트")),
    ("explain.tenant", text("The tenant whose entry it is", "항목의 테넌트")),
    ("explain.tenant2", text("The tenant to compare with", "비교할 테넌트")),
    (
        "explain.input",
        text(
            "What the text is for: query or document",
            "텍스트의 용도: query(질문) 또는 document(문서)",
        ),
    ),
    ("explain.input2", text("What it is for in the comparison", "비교할 쪽의 용도")),
    (
        "warm",
        text(
            "Embed the texts of a file, so that they are cached",
            "파일의 텍스트를 임베딩하여 캐시에 채웁니다",
        ),
    ),
    (
        "warm.source",
        text(
            "One text a line, or JSONL; - is standard input",
            "한 줄에 텍스트 하나 또는 JSONL. -는 표준 입력",
        ),
    ),
    (
        "warm.format",
        text(
            "auto (by the file's name, else by its first line), lines or jsonl [default: auto]",
            "auto(파일 이름, 아니면 첫 줄로 판단), lines, jsonl 중 하나 [기본값: auto]",
        ),
    ),
    (
        "warm.batch",
        text(
            "Texts in one round trip to the store, 1 to 10000 [default: 256]",
            "저장소와 한 번에 주고받는 텍스트 수, 1~10000 [기본값: 256]",
        ),
    ),
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
    ("session", text("Look at conversations and change them", "대화를 보고 바꿉니다")),
    ("whose.owner", text("Whose conversations [default: cli]", "대화의 소유자 [기본값: cli]")),
    ("whose.tenant", text("The tenant whose they are", "대화의 테넌트")),
    (
        "session.list",
        text(
            "List an owner's sessions, the most recent first",
            "소유자의 세션을 최근 순으로 보여 줍니다",
        ),
    ),
    (
        "session.list.skip",
        text("How many to leave out first [default: 0]", "건너뛸 개수 [기본값: 0]"),
    ),
    ("session.list.most", text("How many at most [default: 20]", "최대 개수 [기본값: 20]")),
    ("session.show", text("Show the messages of a session", "세션의 메시지를 보여 줍니다")),
    ("session.show.id", text("The session's id", "세션 ID")),
    (
        "session.show.last",
        text("The last messages, so many [default: 50]", "마지막 메시지 개수 [기본값: 50]"),
    ),
    (
        "session.show.tokens",
        text(
            "What a model would be given within so many tokens",
            "주어진 토큰 수 안에서 모델에 전달할 메시지",
        ),
    ),
    ("session.show.role", text("Only messages of this role", "이 역할의 메시지만")),
    (
        "session.append",
        text(
            "Append a message to a session, or to a new one",
            "세션에, 또는 새 세션에 메시지를 추가합니다",
        ),
    ),
    (
        "session.append.text",
        text("The message's text; - is standard input", "메시지 내용. -는 표준 입력"),
    ),
    (
        "session.append.to",
        text("The session's id [default: a new session]", "세션 ID [기본값: 새 세션]"),
    ),
    ("session.append.role", text("Who speaks [default: user]", "말하는 역할 [기본값: user]")),
    (
        "session.append.message_id",
        text(
            "The message's id: one that is there is not appended again",
            "메시지 ID. 이미 있으면 다시 추가하지 않습니다",
        ),
    ),
    (
        "session.append.expected_len",
        text(
            "Append only if the session has so many messages",
            "세션의 메시지가 이 개수일 때만 추가합니다",
        ),
    ),
    (
        "session.trim",
        text(
            "Remove the oldest messages; pinned ones stay",
            "오래된 메시지를 지웁니다. 고정된 메시지는 남습니다",
        ),
    ),
    ("session.trim.id", text("The session's id", "세션 ID")),
    ("session.trim.keep", text("How many of the last messages stay", "남길 마지막 메시지 개수")),
    (
        "session.trim.tokens",
        text("How many tokens of the last messages stay", "남길 마지막 메시지의 토큰 수"),
    ),
    ("session.export", text("Write a session as lines of JSON", "세션을 JSON 줄로 내보냅니다")),
    ("session.export.id", text("The session's id", "세션 ID")),
    (
        "session.export.output",
        text("The file to write [default: standard output]", "쓸 파일 [기본값: 표준 출력]"),
    ),
    (
        "session.import",
        text(
            "Read an export into a session, or into a new one",
            "내보낸 파일을 세션이나 새 세션으로 읽어들입니다",
        ),
    ),
    (
        "session.import.source",
        text("The export; - is standard input", "내보낸 파일. -는 표준 입력"),
    ),
    (
        "session.import.to",
        text("The session's id [default: a new session]", "세션 ID [기본값: 새 세션]"),
    ),
    (
        "session.rm",
        text(
            "Remove a session, or all of an owner",
            "세션 하나 또는 소유자의 모든 세션을 지웁니다",
        ),
    ),
    ("session.rm.id", text("The session's id", "세션 ID")),
    ("session.rm.all", text("Remove all sessions of the owner", "소유자의 세션을 모두 지웁니다")),
    ("session.rm.yes", text("Do not ask", "확인을 받지 않습니다")),
    (
        "chat",
        text(
            "Talk with the chat model; answers are cached, the conversation is kept",
            "채팅 모델과 대화합니다. 답변은 캐시에, 대화는 세션에 남습니다",
        ),
    ),
    (
        "chat.session",
        text("The session to go on with [default: a new one]", "이어 갈 세션 ID [기본값: 새 세션]"),
    ),
    (
        "chat.system",
        text(
            "What the model is to be, at the beginning of the session",
            "세션을 시작할 때 모델에 줄 지시",
        ),
    ),
    (
        "chat.window",
        text(
            "How many tokens of the conversation the model is given [default: 4000]",
            "모델에 전달할 대화의 토큰 수 [기본값: 4000]",
        ),
    ),
    (
        "chat.temperature",
        text(
            "The temperature to ask with [default: the model's]",
            "요청할 온도 [기본값: 모델의 값]",
        ),
    ),
    (
        "chat.no_cache",
        text("Ask the model even for what is cached", "캐시에 있어도 모델에 묻습니다"),
    ),
    (
        "chat.echo",
        text(
            "Talk with the bundled server, which echoes",
            "입력을 되풀이하는 내장 서버와 대화합니다",
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

/// The help of a command or an option; empty where the catalogue has none, which the tests of the
/// command line refuse.
pub(crate) fn help(name: &str, language: Language) -> &'static str {
    let known = HELP.iter().find(|(known, _)| *known == name);
    known.map_or("", |(_, text)| text.in_language(language))
}

/// All names, for the test that each is in use.
#[cfg(test)]
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    HELP.iter().map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::catalogue::has_hangul;

    #[test]
    fn both_sides_are_in_their_language() {
        let others = [OPTIONS, COMMON_OPTIONS, ARGUMENTS, COMMANDS, COMMAND, USAGE, EXIT_CODES];
        for text in HELP.iter().map(|(_, text)| *text).chain(others) {
            assert!(!text.english.is_empty() && !has_hangul(text.english), "{}", text.english);
            assert!(has_hangul(text.korean), "{}", text.english);
        }
    }
}
