//! What `setup` says.

use super::catalogue::messages;

messages! {
    started(version: &str, url: &str, how: &str, limit: &str) {
        "Redis {version} runs at {url} ({how}): {limit}, allkeys-lru, nothing saved to disk"
        "Redis {version}을(를) {url}에서 시작했습니다({how}). 메모리 {limit}, allkeys-lru, 디스크 저장 없음"
    }
    how_docker(container: &str) { "Docker container {container}" "Docker 컨테이너 {container}" }
    how_local(program: &str, process: u64) {
        "{program}, process {process}"
        "{program}, 프로세스 {process}"
    }
    log_is_at(path: &str) { "its log: {path}" "로그: {path}" }
    set_redis_url(url: &str) {
        "use it with REDIS_URL={url}"
        "REDIS_URL={url} 로 사용하세요"
    }
    stop_with(command: &str) { "stop it with {command}" "중지: {command}" }
    already_running(url: &str, limit: &str, policy: &str) {
        "a Redis already runs at {url}: {limit}, {policy}; nothing to do"
        "{url}에서 Redis가 이미 실행 중입니다({limit}, {policy}). 할 일이 없습니다"
    }
    ours_differs(url: &str, limit: &str, policy: &str, stop: &str, start: &str) {
        "the Redis that setup started at {url} has other bounds: {limit}, {policy}; to change them, \
         run {stop} and then {start} (its entries go)"
        "setup이 시작한 {url}의 Redis는 설정이 다릅니다({limit}, {policy}). 바꾸려면 {stop} 다음에 \
         {start}를 실행하세요(항목은 사라집니다)"
    }
    foreign_differs(url: &str, limit: &str, policy: &str, wanted: u64) {
        "a Redis that setup did not start runs at {url}: {limit}, {policy}; it is left as it is. To \
         change it, set maxmemory {wanted} and maxmemory-policy allkeys-lru in its configuration, or \
         start another one with --port"
        "setup이 시작하지 않은 Redis가 {url}에서 실행 중이며({limit}, {policy}) 그대로 둡니다. \
         바꾸려면 그 서버의 설정에 maxmemory {wanted}와 maxmemory-policy allkeys-lru를 지정하거나, \
         --port로 다른 서버를 시작하세요"
    }
    closed_redis(url: &str) {
        "a Redis runs at {url} that asks for a password; it is left as it is. Start another one with \
         --port"
        "{url}에서 비밀번호를 요구하는 Redis가 실행 중이며 그대로 둡니다. --port로 다른 서버를 시작하세요"
    }
    port_taken(port: u16) {
        "port {port} is in use by something that is not Redis: end it, or choose another with --port"
        "{port} 포트를 Redis가 아닌 프로그램이 쓰고 있습니다. 그 프로그램을 끝내거나 --port로 다른 \
         포트를 고르세요"
    }
    no_limit() { "no memory limit" "메모리 제한 없음" }
    limit_too_small() {
        "a Redis needs at least 1mb of memory"
        "Redis의 메모리는 1mb 이상이어야 합니다"
    }
    trying_redis_server(reason: &str) {
        "{reason}; trying redis-server"
        "{reason} redis-server로 시도합니다"
    }
    docker_failed(reason: &str) {
        "Docker did not start it: {reason}"
        "Docker로 시작하지 못했습니다: {reason}"
    }
    fetching_image(image: &str) {
        "Docker fetches {image}; this can take a minute"
        "Docker가 {image} 이미지를 내려받습니다. 시간이 조금 걸릴 수 있습니다"
    }
    no_docker_engine() { "no Docker engine answers" "응답하는 Docker 엔진이 없습니다" }
    foreign_container(container: &str) {
        "there is a container {container} that setup did not make; remove it or choose another --port"
        "setup이 만들지 않은 {container} 컨테이너가 있습니다. 그 컨테이너를 지우거나 --port로 다른 \
         포트를 고르세요"
    }
    nothing_to_start_with() {
        "no Docker engine answers and there is no redis-server: install Redis (apt-get install \
         redis-server, brew install redis) or start Docker, and run setup again. Without a Redis the \
         cache works on an embedded file"
        "응답하는 Docker 엔진도 redis-server 프로그램도 없습니다. Redis를 설치하거나(apt-get install \
         redis-server, brew install redis) Docker를 시작한 뒤 setup을 다시 실행하세요. Redis가 없어도 \
         캐시는 내장 파일로 동작합니다"
    }
    no_redis_server() {
        "there is no redis-server: install Redis (apt-get install redis-server, brew install redis)"
        "redis-server 프로그램이 없습니다. Redis를 설치하세요(apt-get install redis-server, brew \
         install redis)"
    }
    server_refused(program: &str, reason: &str) {
        "{program} did not start: {reason}"
        "{program}을(를) 시작하지 못했습니다: {reason}"
    }
    server_silent(program: &str, seconds: u64) {
        "{program} was started and did not answer within {seconds} s"
        "{program}을(를) 시작했지만 {seconds}초 안에 응답하지 않았습니다"
    }
    no_state_folder(reason: &str) {
        "setup needs a folder for the server's log and cannot make one: {reason}"
        "서버 로그를 둘 폴더를 만들 수 없습니다: {reason}"
    }
    stopped(url: &str) { "stopped the Redis at {url}" "{url}의 Redis를 중지했습니다" }
    nothing_to_stop(url: &str) {
        "nothing to stop: no Redis that setup started runs at {url}"
        "중지할 것이 없습니다. setup이 시작한 Redis가 {url}에 없습니다"
    }
    not_ours_to_stop(url: &str) {
        "a Redis runs at {url} that setup did not start; it is left running"
        "{url}의 Redis는 setup이 시작한 것이 아니므로 그대로 둡니다"
    }
    did_not_stop(url: &str) {
        "the Redis at {url} did not stop within 10 s"
        "{url}의 Redis가 10초 안에 중지되지 않았습니다"
    }
}
