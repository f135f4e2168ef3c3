//! Commands about texts.

use super::{Text, text};

pub(super) const HELP: &[(&str, Text)] = &[
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
];
