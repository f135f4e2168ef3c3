#!/usr/bin/env bash
# Says what of the published libraries' interface is not what it was: check-semver.sh [REVISION [CRATE...]]
#
# REVISION is the last tag v* unless another is named. Exit code: 0 nothing, or nothing that the version does not
# announce; 1 something that breaks others' programs; 2 there is nothing to compare with. Needs cargo-semver-checks (cargo install).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

revision=${1:-$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null || true)}
if [[ -z $revision ]]; then
  echo "check-semver: there is no tag v* yet: name a revision to compare with" >&2
  exit 2
fi
crates=("${@:2}")
if ((${#crates[@]} == 0)); then
  for library in crates/*/src/lib.rs; do
    folder=${library%/src/lib.rs}
    grep -q '^publish = false' "$folder/Cargo.toml" || crates+=("${folder#crates/}")
  done
fi
chosen=()
for crate in "${crates[@]}"; do chosen+=(--package "$crate"); done

echo "compared with $(git log -1 --format='%h, %s' "$revision")"
cargo semver-checks check-release --baseline-rev "$revision" "${chosen[@]}"
