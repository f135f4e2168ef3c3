//! What is said of chats and conversations.

use super::catalogue::messages;

messages! {
    label_session() { "session" "세션" }
    label_written() { "written" "기록" }
    label_read_back() { "read back" "다시 읽기" }
    label_message() { "message" "메시지" }
    label_messages() { "messages" "메시지" }
    label_conversations() { "sessions" "세션" }
    label_answers_written() { "answers written" "저장한 답변" }
    section_embeddings() { "Embeddings" "임베딩" }
    section_responses() { "Answers" "답변" }
    section_sessions() { "Conversations" "대화" }

    // The bundled server.
    bundled_server(model: &str) {
        "a server that comes with this program and echoes ({model}); set \
         AZURE_OPENAI_CHAT_DEPLOYMENT or OPENAI_CHAT_MODEL for a real model"
        "이 프로그램에 들어 있는, 입력을 되풀이하는 서버({model}). 실제 모델을 쓰려면 \
         AZURE_OPENAI_CHAT_DEPLOYMENT나 OPENAI_CHAT_MODEL을 지정하세요"
    }
    no_test_server(reason: &str) {
        "the bundled server cannot be used: {reason}"
        "내장 서버를 쓸 수 없습니다: {reason}"
    }
    no_chat_model() {
        "chat needs a chat model: set AZURE_OPENAI_CHAT_DEPLOYMENT or OPENAI_CHAT_MODEL, or try \
         --echo"
        "chat에는 채팅 모델이 필요합니다. AZURE_OPENAI_CHAT_DEPLOYMENT나 OPENAI_CHAT_MODEL을 지정하거나 \
         --echo로 시험해 보세요"
    }

    // Test and stats.
    messages_and_tokens(messages: &str, tokens: &str) {
        "messages: {messages}, tokens: {tokens}"
        "메시지 {messages}개, 토큰 {tokens}개"
    }
    messages_and_tokens_in(messages: &str, tokens: &str, time: &str) {
        "messages: {messages}, tokens: {tokens}, in {time}"
        "메시지 {messages}개, 토큰 {tokens}개, {time}"
    }
    messages_tokens_bytes(messages: &str, tokens: &str, bytes: &str) {
        "{messages}, tokens: {tokens}, {bytes}"
        "{messages}개, 토큰 {tokens}개, {bytes}"
    }
    sessions_of_owners(sessions: &str, owners: &str) {
        "{sessions}, owners: {owners}"
        "소유자 {owners}명의 {sessions}개"
    }
    read_the_same(time: &str) { "the same, in {time}" "기록한 그대로, {time}" }
    read_another(time: &str) {
        "not what was written, in {time}"
        "기록한 것과 다름, {time}"
    }
    chat_calls(calls: &str, errors: &str) { "{calls}, {errors} failed" "{calls}회, 실패 {errors}회" }
    answers_and_bytes(answers: &str, stored: &str, raw: &str) {
        "{answers}, {stored} for {raw}"
        "{answers}개 (원본 {raw} → {stored})"
    }
    cause_invalidated() { "invalidated" "무효화됨" }
    cause_model_changed() { "model changed" "모델 바뀜" }
    cause_no_usage() { "without usage" "사용량 없음" }
    cause_not_cacheable() { "not cacheable" "캐시 대상 아님" }

    // Sessions.
    no_such_session(owner: &str) {
        "{owner} has no session of this id (--owner and --tenant say whose it is)"
        "{owner}에게 이 ID의 세션이 없습니다(--owner와 --tenant로 소유자를 지정합니다)"
    }
    session_line(messages: &str, tokens: &str, ago: &str) {
        "messages: {messages}, tokens: {tokens}, {ago} ago"
        "메시지 {messages}개, 토큰 {tokens}개, {ago} 전"
    }
    shown_of_all(shown: &str, all: &str) {
        "{shown} of {all}; --skip and --most show others"
        "{all}개 중 {shown}개. --skip과 --most로 나머지를 볼 수 있습니다"
    }
    trimmed(removed: &str, messages: &str, tokens: &str) {
        "removed: {removed}; left: {messages}, tokens: {tokens}"
        "메시지 {removed}개를 지웠습니다. 남은 메시지 {messages}개, 토큰 {tokens}개"
    }
    sessions_removed(removed: &str, owner: &str) {
        "sessions of {owner} removed: {removed}"
        "{owner}의 세션 {removed}개를 지웠습니다"
    }
    confirm_sessions(sessions: &str, owner: &str) {
        "Remove all {sessions} sessions of {owner}? [y/N] "
        "{owner}의 세션 {sessions}개를 모두 지울까요? [y/N] "
    }
    rm_needs_yes() {
        "session rm --all asks before it removes anything, and here is no terminal to ask on: add \
         --yes"
        "session rm --all은 지우기 전에 확인을 받지만 물어볼 터미널이 없습니다. --yes를 붙이세요"
    }
    exported(messages: &str, place: &str) {
        "messages written to {place}: {messages}"
        "메시지 {messages}개를 {place}에 썼습니다"
    }
    imported(appended: &str, known: &str) {
        "{appended} appended, {known} there already"
        "{appended}개 추가, {known}개는 이미 있음"
    }
    cannot_write_file(path: &str, reason: &str) {
        "{path} cannot be written: {reason}"
        "{path} 파일에 쓸 수 없습니다: {reason}"
    }

    // Chat.
    talking_to(model: &str, session: &str) {
        "talking to {model}; session {session}; /quit or the end of the input ends it"
        "상대: {model}. 세션: {session}. /quit이나 입력의 끝으로 마칩니다"
    }
    answered_in(time: &str) { "answered in {time}" "{time} 만에 답변" }
    chat_interrupted() {
        "interrupted; what was answered is kept in the session"
        "중단했습니다. 답변을 받은 내용은 세션에 남아 있습니다"
    }
}
