//! What went wrong.

use super::catalogue::messages;

messages! {
    error_label() { "error" "오류" }
    warning_label() { "warning" "경고" }

    // The command line.
    unknown_argument(argument: &str) {
        "there is no option {argument}"
        "{argument} 옵션은 없습니다"
    }
    unknown_verb(verb: &str) {
        "there is no command {verb:?}"
        "{verb:?} 명령은 없습니다"
    }
    bad_value(argument: &str, value: &str) {
        "{value:?} is no value for {argument}"
        "{argument}에 {value:?} 값은 쓸 수 없습니다"
    }
    missing_value(argument: &str) {
        "{argument} needs a value"
        "{argument}에 값이 필요합니다"
    }
    missing_arguments(arguments: &str) {
        "{arguments} is missing"
        "{arguments} 인수가 빠졌습니다"
    }
    missing_verb() {
        "a command is missing"
        "명령이 빠졌습니다"
    }
    conflicting_arguments(first: &str, second: &str) {
        "{first} and {second} exclude each other"
        "{first}와(과) {second}은(는) 함께 쓸 수 없습니다"
    }
    not_unicode() {
        "an argument is not valid UTF-8"
        "올바른 UTF-8이 아닌 인수가 있습니다"
    }
    unreadable_command_line() {
        "the command line cannot be understood"
        "명령줄을 이해할 수 없습니다"
    }
    choose_from(choices: &str) {
        "choose from {choices}"
        "{choices} 중에서 고르세요"
    }
    did_you_mean(suggestion: &str) {
        "did you mean {suggestion}?"
        "{suggestion}을(를) 쓰려고 하셨나요?"
    }
    see_help() {
        "--help shows what there is"
        "--help로 사용법을 볼 수 있습니다"
    }

    // The library's own words follow these, in English.
    settings_wrong(detail: &str) {
        "{detail}"
        "설정이 잘못되었습니다: {detail}"
    }
    input_refused(detail: &str) {
        "{detail}"
        "이 값으로는 진행할 수 없습니다: {detail}"
    }
    store_unavailable(detail: &str) {
        "{detail}"
        "저장소에 연결할 수 없습니다: {detail}"
    }
    store_timeout(detail: &str) {
        "{detail}"
        "저장소가 제때 응답하지 않았습니다: {detail}"
    }
    store_unauthenticated(detail: &str) {
        "{detail}"
        "저장소 인증에 실패했습니다(사용자 이름이나 비밀번호 확인): {detail}"
    }
    store_denied(detail: &str) {
        "{detail}"
        "저장소에서 허용하지 않는 작업입니다: {detail}"
    }
    store_full(detail: &str) {
        "{detail}"
        "저장소가 가득 찼습니다: {detail}"
    }
    store_read_only(detail: &str) {
        "{detail}"
        "저장소가 지금 쓰기를 받지 않습니다: {detail}"
    }
    store_corrupt(detail: &str) {
        "{detail}"
        "저장소 파일이 손상되었습니다: {detail}"
    }
    store_failed(detail: &str) {
        "{detail}"
        "저장소 작업이 실패했습니다: {detail}"
    }
    provider_failed(detail: &str) {
        "the provider failed: {detail}"
        "제공자가 실패했습니다: {detail}"
    }
    provider_unauthorized(detail: &str) {
        "the provider failed: {detail}"
        "제공자 인증에 실패했습니다(키나 토큰 확인): {detail}"
    }
    provider_forbidden(detail: &str) {
        "the provider failed: {detail}"
        "제공자가 권한이 없다고 합니다: {detail}"
    }
    provider_not_found(detail: &str) {
        "the provider failed: {detail}"
        "배포나 모델을 찾을 수 없습니다(이름과 엔드포인트 확인): {detail}"
    }
    provider_wrong_model(detail: &str) {
        "the provider failed: {detail}"
        "이 모델로는 할 수 없습니다: {detail}"
    }
    provider_rate_limited(detail: &str) {
        "the provider failed: {detail}"
        "제공자의 요청 한도를 넘었습니다(나중에 다시 시도): {detail}"
    }
    provider_filtered(detail: &str) {
        "the provider failed: {detail}"
        "콘텐츠 필터가 입력을 거부했습니다: {detail}"
    }
    provider_too_long(detail: &str) {
        "the provider failed: {detail}"
        "입력이 모델의 한도보다 깁니다: {detail}"
    }
    provider_timeout(detail: &str) {
        "the provider failed: {detail}"
        "제공자가 제때 응답하지 않았습니다: {detail}"
    }
    provider_unreachable(detail: &str) {
        "the provider failed: {detail}"
        "제공자에 연결할 수 없습니다: {detail}"
    }
    provider_unavailable(detail: &str) {
        "the provider failed: {detail}"
        "제공자 쪽에 장애가 있습니다: {detail}"
    }

    // This machine.
    cannot_write_output(reason: &str) {
        "the output cannot be written: {reason}"
        "출력을 쓸 수 없습니다: {reason}"
    }
    cannot_read_file(path: &str, reason: &str) {
        "{path} cannot be read: {reason}"
        "{path} 파일을 읽을 수 없습니다: {reason}"
    }
    cannot_start_runtime(reason: &str) {
        "the program cannot start its threads: {reason}"
        "프로그램의 스레드를 시작할 수 없습니다: {reason}"
    }
}
