//! Commands about conversations.

use super::{Text, text};

pub(super) const HELP: &[(&str, Text)] = &[
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
];
