#!/usr/bin/env bash
# Runs all tests: scripts/test.sh [arguments of cargo test]
#
# The tests start Redis servers of their own on free ports, so the program redis-server has to be there: it is installed
# where it is not. TEST_REDIS_SERVER names another server to test with (a program and its arguments).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

as_root() {
  if [[ $(id -u) -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "test.sh: installing redis-server needs root or sudo" >&2
    return 1
  fi
}

install_redis() {
  echo "redis-server is not here: installing it."
  if command -v apt-get >/dev/null; then
    as_root apt-get -qq update && as_root apt-get -qq install -y redis-server
  elif command -v dnf >/dev/null; then
    as_root dnf -q install -y redis
  elif command -v apk >/dev/null; then
    as_root apk add --quiet redis
  elif command -v brew >/dev/null; then
    brew install --quiet redis
  else
    return 1
  fi
}

if [[ -z ${TEST_REDIS_SERVER:-} ]] && ! command -v redis-server >/dev/null; then
  if ! install_redis || ! command -v redis-server >/dev/null; then
    echo "test.sh: redis-server is missing and could not be installed. Install it, or set TEST_REDIS_SERVER to a program that starts one." >&2
    exit 1
  fi
fi

exec cargo test --workspace "$@"
