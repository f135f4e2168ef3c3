#!/usr/bin/env bash
# Starts and stops a Redis for the cache: bounded memory, allkeys-lru, nothing written to disk, loopback only.
#
#   scripts/setup.sh up [--memory SIZE] | down | status
#
# Where a Docker engine answers it runs in a container (docker/docker-compose.yml), else as a background process of the
# local redis-server. `up` may be repeated: it keeps what runs and sets the memory limit. A Redis that something else
# has started is never touched.
#
# Environment: REDIS_PORT (6379), REDIS_MAX_MEMORY (512mb, what --memory overrides), XDG_STATE_HOME.
# Exit code: 0 done, 1 failed (up: another Redis has the port), 2 wrong usage, 3 status: nothing answers.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
port=${REDIS_PORT:-6379}
# Configuration, process number and log of the local server: the same place as of `cache-cli setup`.
folder=${XDG_STATE_HOME:-$HOME/.local/state}/caching_with_redis/redis-$port
memory=${REDIS_MAX_MEMORY:-512mb}

say() { printf '%s\n' "$*"; }
warn() { printf 'setup.sh: %s\n' "$*" >&2; }
fail() { warn "$*"; exit 1; }

usage() {
  warn "usage: setup.sh up [--memory SIZE] | down | status   (SIZE like 512mb or 2gb)"
  exit 2
}

# Whether anything answers PING on the port. Needs no redis-cli.
answers() {
  local reply=""
  { exec 3<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null || return 1
  printf 'PING\r\n' >&3
  IFS= read -r -t 2 reply <&3 || true
  exec 3>&-
  # A server that asks for a password answers as well.
  [[ $reply == +PONG* || $reply == -NOAUTH* ]]
}

await_answer() {
  local try
  for ((try = 0; try < 100; try++)); do
    if answers; then return 0; fi
    sleep 0.1
  done
  return 1
}

# --- in a container -------------------------------------------------------------------------------------------------

compose() {
  REDIS_PORT=$port REDIS_MAX_MEMORY=$memory docker compose -f "$root/docker/docker-compose.yml" "$@"
}

has_docker() {
  command -v docker >/dev/null && docker compose version >/dev/null 2>&1 && docker info >/dev/null 2>&1
}

container_runs() {
  has_docker && [[ -n $(compose ps --quiet --status running redis 2>/dev/null) ]]
}

up_container() {
  compose up --detach redis
  await_answer || fail "the container runs but nothing answers on 127.0.0.1:$port: docker compose -f docker/docker-compose.yml logs redis"
  say "Redis runs in Docker on 127.0.0.1:$port, at most $memory, allkeys-lru."
}

# --- as a local process ---------------------------------------------------------------------------------------------

cli() { redis-cli -h 127.0.0.1 -p "$port" "$@"; }

setting() { cli config get "$1" | tail -n 1; }

# The process number, when the server on the port runs with our configuration.
own_process() {
  local about
  command -v redis-cli >/dev/null || return 1
  about=$(cli info server 2>/dev/null | tr -d '\r') || return 1
  [[ $about == *"config_file:$folder/redis.conf"* ]] || return 1
  sed -n 's/^process_id://p' <<<"$about"
}

# A path as a configuration file takes it.
quoted() {
  local path=${1//\\/\\\\}
  printf '"%s"' "${path//\"/\\\"}"
}

directives() {
  cat <<END
bind 127.0.0.1
port $port
daemonize yes
maxmemory $memory
maxmemory-policy allkeys-lru
save ""
appendonly no
timeout 300
tcp-keepalive 60
dir $(quoted "$folder")
logfile $(quoted "$folder/redis.log")
pidfile $(quoted "$folder/redis.pid")
END
}

start_process() {
  command -v redis-server >/dev/null ||
    fail "neither a Docker engine nor redis-server is here; install one of them (apt-get install redis-server, dnf install redis, brew install redis)"
  (umask 077 && mkdir -p "$folder")
  rm -f "$folder/redis.log"
  directives >"$folder/redis.conf"
  redis-server "$folder/redis.conf" >/dev/null || fail "redis-server did not start"
  await_answer || fail "redis-server started but does not answer on 127.0.0.1:$port; its log: $folder/redis.log"
}

up_process() {
  local pid
  if pid=$(own_process); then
    cli config set maxmemory "$memory" >/dev/null
    say "Redis runs already on 127.0.0.1:$port (process $pid), at most $memory, allkeys-lru."
    return
  fi
  start_process
  say "Started redis-server on 127.0.0.1:$port (process $(own_process)), at most $memory, allkeys-lru; log: $folder/redis.log"
}

down_process() {
  local pid try
  pid=$(own_process) || return 1
  cli shutdown nosave >/dev/null 2>&1 || true
  for ((try = 0; try < 100; try++)); do
    if ! kill -0 "$pid" 2>/dev/null; then
      say "Stopped redis-server (process $pid)."
      return 0
    fi
    sleep 0.1
  done
  fail "redis-server (process $pid) does not stop"
}

# --- verbs ----------------------------------------------------------------------------------------------------------

foreign_notice() {
  say "A Redis that this script has not started answers on 127.0.0.1:$port; it is left as it is."
  say "For one of your own on another port: REDIS_PORT=6380 scripts/setup.sh up, and REDIS_URL=redis://127.0.0.1:6380"
}

up() {
  if own_process >/dev/null; then
    up_process
  elif container_runs; then
    up_container
  elif answers; then
    foreign_notice
    exit 1
  elif has_docker; then
    up_container
  else
    up_process
  fi
}

down() {
  if down_process; then return; fi
  if container_runs; then
    compose down
    say "Stopped the containers; the volume is kept."
  elif answers; then
    foreign_notice
  else
    say "Nothing to stop."
  fi
}

status() {
  local pid
  if ! answers; then
    say "Nothing answers on 127.0.0.1:$port. Start a Redis with: scripts/setup.sh up"
    exit 3
  fi
  if pid=$(own_process); then
    say "redis-server on 127.0.0.1:$port, process $pid, at most $(setting maxmemory) bytes, $(setting maxmemory-policy)."
  elif container_runs; then
    say "Redis in Docker on 127.0.0.1:$port."
    compose ps redis
  else
    foreign_notice
  fi
}

[[ $port =~ ^[0-9]+$ ]] || { warn "REDIS_PORT is no port number"; exit 2; }
verb=${1:-}
[[ -n $verb ]] || usage
shift
while (($#)); do
  case $verb:$1 in
    up:--memory) (($# >= 2)) || usage; memory=$2; shift 2 ;;
    up:--memory=*) memory=${1#*=}; shift ;;
    *) usage ;;
  esac
done
[[ $memory =~ ^[1-9][0-9]*[kKmMgG]?[bB]?$ ]] || { warn "not a size: give something like 512mb or 2gb"; exit 2; }

case $verb in
  up) up ;;
  down) down ;;
  status) status ;;
  *) usage ;;
esac
