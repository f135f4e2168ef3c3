//! Commands about vector indexes.

use super::{Text, text};

pub(super) const HELP: &[(&str, Text)] = &[
    (
        "index",
        text(
            "Vector indexes: make them, fill them, search them",
            "벡터 색인을 만들고 채우고 검색합니다",
        ),
    ),
    ("index.name", text("The index's name", "색인 이름")),
    ("index.list", text("List the indexes of the namespace", "네임스페이스의 색인을 보여 줍니다")),
    (
        "index.create",
        text("Make an index, or see that it is there", "색인을 만들거나 있는지 확인합니다"),
    ),
    (
        "index.create.dimensions",
        text(
            "Dimensions of its vectors [default: those of the provider's]",
            "벡터의 차원 수 [기본값: 제공자의 벡터]",
        ),
    ),
    (
        "index.create.attribute",
        text(
            "What entries carry and can be filtered by, again for each: topic:tag, year:number, body:text \
             (asked for its words); page:stored only comes back",
            "항목에 딸리고 필터로 쓸 속성. 여러 번 지정할 수 있습니다. 예: topic:tag, year:number, \
             body:text(낱말로 찾음), page:stored(결과에만 나옴)",
        ),
    ),
    (
        "index.create.without_text",
        text("Do not keep the texts of entries", "항목의 텍스트를 저장하지 않습니다"),
    ),
    (
        "index.create.approximate",
        text(
            "Search by a graph of neighbours, which may miss some, where the store has one",
            "저장소가 지원하면 이웃 그래프로 검색합니다. 일부를 놓칠 수 있습니다",
        ),
    ),
    (
        "index.create.links",
        text(
            "Neighbours of an entry in the graph [default: 16]",
            "그래프에서 항목의 이웃 수 [기본값: 16]",
        ),
    ),
    (
        "index.create.build_effort",
        text(
            "Candidates looked at when an entry is linked [default: 200]",
            "항목을 연결할 때 살펴볼 후보 수 [기본값: 200]",
        ),
    ),
    (
        "index.create.search_effort",
        text(
            "Candidates that a search looks at [default: 100]",
            "검색할 때 살펴볼 후보 수 [기본값: 100]",
        ),
    ),
    (
        "index.create.precision",
        text(
            "How exactly vectors are kept, at least: f32, f16, i8, or b1 with --approximate on vector sets \
             [default: f32]",
            "벡터를 저장할 최소 정밀도: f32, f16, i8, 또는 벡터 집합에서 --approximate와 함께 b1 [기본값: f32]",
        ),
    ),
    (
        "index.add",
        text(
            "Write the lines of a file into an index; texts are embedded through the cache",
            "파일의 각 줄을 색인에 씁니다. 텍스트는 캐시를 거쳐 임베딩합니다",
        ),
    ),
    (
        "index.add.source",
        text(
            "One text a line, or JSONL with \"text\" or \"vector\", \"id\" [default: a hash of the text] and \
             \"attributes\"; - is standard input",
            "한 줄에 텍스트 하나, 또는 \"text\"나 \"vector\", \"id\" [기본값: 텍스트의 해시], \
             \"attributes\"가 있는 JSONL. -는 표준 입력",
        ),
    ),
    (
        "index.add.format",
        text(
            "auto (by the file's name, else by its first line), lines or jsonl [default: auto]",
            "auto(파일 이름, 아니면 첫 줄로 판단), lines, jsonl 중 하나 [기본값: auto]",
        ),
    ),
    (
        "index.add.batch",
        text(
            "Lines in one round trip to the store, 1 to 10000 [default: 256]",
            "저장소와 한 번에 주고받는 줄 수, 1~10000 [기본값: 256]",
        ),
    ),
    (
        "index.add.expires_in",
        text(
            "How long the entries live: 30s, 5m, 2h, 7d [default: for ever]",
            "항목이 남아 있는 기간: 30s, 5m, 2h, 7d [기본값: 무기한]",
        ),
    ),
    ("index.search", text("Find what is like a text", "텍스트와 비슷한 항목을 찾습니다")),
    ("index.search.text", text("The text", "텍스트")),
    (
        "index.search.vector",
        text("A vector in place of the text: a list in JSON", "텍스트 대신 쓸 벡터. JSON 목록"),
    ),
    ("index.search.most", text("How many at most [default: 10]", "최대 개수 [기본값: 10]")),
    (
        "index.search.filter",
        text(
            "What an entry must meet: topic=news|sport, year>=2020, body~\"two words\"; != and !~ are the \
             opposites",
            "항목이 만족해야 할 조건. 예: topic=news|sport, year>=2020, body~\"두 낱말\". 반대는 !=와 !~",
        ),
    ),
    (
        "index.search.at_least",
        text(
            "The least similarity: 1 is the same direction, 0 nothing in common, -1 the opposite",
            "최소 유사도: 1은 같은 방향, 0은 무관, -1은 반대",
        ),
    ),
    (
        "index.info",
        text(
            "Show what an index is, how many entries it has, and what searches it",
            "색인의 구성, 항목 수, 검색 엔진을 보여 줍니다",
        ),
    ),
    (
        "index.drop",
        text("Remove an index and everything in it", "색인과 그 안의 모든 것을 지웁니다"),
    ),
    ("index.drop.yes", text("Do not ask", "확인을 받지 않습니다")),
];
