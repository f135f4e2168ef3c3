#!/usr/bin/env bash
# Holds the features of caching_with_redis: each brings its crate and no other optional one of ours, leaving it out drops
# that crate, and no published crate is forgotten. Reads `cargo tree`, builds nothing. Says how many crates a feature adds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

facade=caching_with_redis
# What is always there, and what is published and no part of it.
essential="cache-core cache-guard embedding-cache vector-scan"
apart="caching_with_redis cache-cli openai-test-server"

failed=0
complain() { echo "check-features: $*" >&2; failed=1; }

# The crate that a feature is for.
crate_of() {
  case $1 in
    redis | tls) echo cache-redis ;;
    embedded) echo cache-embedded ;;
    encryption) echo cache-encryption ;;
    responses) echo response-cache ;;
    sessions) echo session-store ;;
    azure | tokenizer) echo embed-azure ;;
    local | local-model) echo embed-local ;;
    metrics) echo cache-metrics ;;
    *) complain "the feature $1 has no rule here: say which crate it is for" ;;
  esac
}

# with FEATURES: everything that is built for it, on one system, so that everybody counts the same.
with() {
  cargo tree --locked --package $facade --no-default-features --features "$1" --target x86_64-unknown-linux-gnu \
    --edges normal,build --no-dedupe --prefix none --format '{p}' | sort -u
}

# The crates of this workspace among these, except the facade.
ours() { sed -n "s#^\([^ ]*\) v[^ ]* ($PWD/.*#\1#p" | grep -vx $facade | sort -u; }

sorted() { tr ' ' '\n' <<<"$*" | sort -u; }

manifest=crates/$facade/Cargo.toml
features=$(sed -n '/^\[features\]/,/^\[dep/s/^\([a-z-]*\) = .*/\1/p' $manifest | grep -vx default)
without=$(with "")
[[ $(ours <<<"$without") == "$(sorted "$essential")" ]] || complain "without features there is more or less than $essential"
echo "without features: $(wc -l <<<"$without") crates"

optional=()
for feature in $features; do
  crate=$(crate_of "$feature")
  optional+=("$crate")
  all=$(with "$feature")
  [[ $(ours <<<"$all") == "$(sorted "$essential $crate")" ]] || complain "the feature $feature brings more or less than $crate"
  echo "$feature: $(comm -13 <(echo "$without") <(echo "$all") | wc -l) more"
done
echo "the default ones: $(comm -13 <(echo "$without") <(with default) | wc -l) more"

for manifest in crates/*/Cargo.toml; do
  grep -q '^publish = false' "$manifest" && continue
  crate=$(basename "$(dirname "$manifest")")
  [[ " $essential $apart ${optional[*]} " == *" $crate "* ]] || complain "$crate is published, and no feature is for it"
done

((failed == 0)) && echo "Features and crates are one to one."
exit "$failed"
