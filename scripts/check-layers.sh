#!/usr/bin/env bash
# Holds the layers of docs/architecture.md: a crate never knows one above or beside it. Reads `cargo tree`, builds nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

failed=0
complain() { echo "check-layers: $*" >&2; failed=1; }

tree() { cargo tree --locked --edges normal --prefix none --package "$@"; }

# The crates of this workspace that a crate builds on, itself not included. They are those with a path.
own_dependencies() {
  tree "$1" --format '{p}' | sed -n "s#^\([^ ]*\) v[^ ]* ($PWD/.*#\1#p" | sort -u | grep -vx "$1" || true
}

# may_use CRATE DEPENDENCY...: these and no other crates of ours.
may_use() {
  local crate=$1 used
  shift
  for used in $(own_dependencies "$crate"); do
    [[ " $* " == *" $used "* ]] || complain "$crate must not know $used"
  done
}

# without CRATE DEPENDENCY...: none of these, not even through others.
without() {
  local crate=$1 all banned
  shift
  all=$(tree "$crate" --format '{p}' | cut -d' ' -f1 | sort -u)
  for banned in "$@"; do
    if grep -qx "$banned" <<<"$all"; then complain "$crate pulls in $banned"; fi
  done
}

backends="cache-redis cache-embedded cache-encryption cache-metrics"
providers="embed-local embed-azure"
services="embedding-cache response-cache session-store"
everything="cache-core cache-guard vector-scan $backends $providers $services caching_with_redis"

for manifest in crates/*/Cargo.toml; do
  crate=$(basename "$(dirname "$manifest")")
  # The lists are split into words on purpose.
  # shellcheck disable=SC2086
  case $crate in
    cache-core | redis-test-server | openai-test-server) may_use "$crate" ;;
    cache-guard | vector-scan | cache-encryption | cache-metrics | embed-local | embed-azure | session-store) may_use "$crate" cache-core ;;
    cache-redis | cache-embedded) may_use "$crate" cache-core vector-scan ;;
    embedding-cache | response-cache) may_use "$crate" cache-core cache-guard ;;
    caching_with_redis) may_use "$crate" cache-core cache-guard vector-scan $backends $providers $services ;;
    cache-cli) may_use "$crate" $everything openai-test-server ;;
    cache-test-support) may_use "$crate" cache-core vector-scan cache-redis cache-embedded redis-test-server ;;
    fault-scenarios) may_use "$crate" $everything redis-test-server ;;
    *) complain "$crate has no rule here: say which crates it may use" ;;
  esac
done

stores="redis rusqlite libsqlite3-sys"
http="reqwest hyper axum tonic"
# shellcheck disable=SC2086
{
  without cache-core $stores $http clap config
  without cache-guard $stores $http clap config
  without vector-scan $stores $http clap config
  without embedding-cache $stores $http clap config
  without response-cache $stores $http clap config
  without session-store $stores $http clap config
  without cache-redis rusqlite libsqlite3-sys $http clap config
  without cache-embedded redis $http clap config
  without cache-encryption $stores $http clap config
  without cache-metrics $stores $http clap config
}

# The contracts start no runtime: of tokio they use the synchronisation only.
if tree cache-core --format '{p} {f}' | grep -E '^tokio v' | grep -qE '[ ,](rt|net|time|full)(-|,|$)'; then
  complain "cache-core needs a tokio runtime"
fi

((failed == 0)) && echo "The layers hold."
exit "$failed"
