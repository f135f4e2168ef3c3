//! What `monitor` says.

use super::catalogue::messages;

messages! {
    watching(kind: &str, location: &str, namespace: &str) {
        "{kind} {location}, namespace {namespace}"
        "{kind} {location}, 네임스페이스 {namespace}"
    }
    column_node() { "node" "노드" }
    column_role() { "role" "역할" }
    column_ops() { "ops/s" "초당 명령" }
    column_evicted() { "evicted/s" "초당 축출" }
    column_expired() { "expired/s" "초당 만료" }
    column_clients() { "clients" "클라이언트" }
    column_command() { "command" "명령" }
    column_share() { "share of time" "시간 비중" }
    column_calls() { "calls" "호출" }
    column_per_call() { "per call" "호출당 시간" }
    column_failed() { "failed" "실패" }
    column_cache() { "cache" "캐시" }
    column_recent() { "since last look" "직전 구간" }
    column_money_saved() { "money saved" "절약한 비용" }
    role_primary() { "primary" "주 서버" }
    role_replica() { "replica" "복제본" }
    role_cut_off() { "replica, cut off" "복제본, 연결 끊김" }
    role_behind(bytes: &str) { "replica, {bytes} behind" "복제본, {bytes} 뒤처짐" }
    listening(url: &str) {
        "figures for Prometheus at {url}"
        "Prometheus 지표 제공 중: {url}"
    }
    cannot_listen(address: &str, reason: &str) {
        "cannot serve figures at {address}: {reason}"
        "{address}에서 지표를 제공할 수 없습니다: {reason}"
    }
    monitor_ended() { "interrupted; nothing was changed" "중단했습니다. 바뀐 것은 없습니다" }

    // Doctor and acl.
    label_problem() { "problem" "문제" }
    label_note() { "note" "참고" }
    examined(place: &str) { "looked at {place}" "{place} 점검 결과" }
    nothing_found() { "nothing is wrong" "문제가 없습니다" }
    acl_needs_redis() {
        "--apply needs a Redis: set REDIS_URL to an administrator's address"
        "--apply에는 Redis가 필요합니다. REDIS_URL에 관리자 주소를 지정하세요"
    }
    empty_password() {
        "the file of --password-file has no password in its first line"
        "--password-file 파일의 첫 줄에 비밀번호가 없습니다"
    }
    user_made(user: &str, servers: &str) {
        "the user {user} has these rights and this password now at {servers}; ACL SAVE keeps it over a restart"
        "{servers}에서 사용자 {user}에게 권한과 비밀번호를 주었습니다. 재시작 뒤에도 남기려면 ACL SAVE를 쓰세요"
    }
}
