#!/usr/bin/env bash
# Checks the published crates with the oldest Rust that each of them promises, and with the dependencies of Cargo.lock. rustup
# fetches what is missing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# promised MANIFEST: the oldest Rust of a crate, or nothing where it is the workspace's.
promised() { sed -n 's/^rust-version = "\(.*\)"/\1/p' "$1"; }

declare -A chosen
for manifest in crates/*/Cargo.toml; do
  grep -q '^publish = false' "$manifest" && continue
  version=$(promised "$manifest")
  chosen[${version:-$(promised Cargo.toml)}]+=" --package $(basename "$(dirname "$manifest")")"
done

# with VERSION ARGUMENT...: in a folder of its own, as each compiler throws away what another has built.
with() {
  local version=$1
  shift
  echo "Rust $version: $*"
  rustup toolchain list | grep -q "^$version.0-" || rustup toolchain install "$version.0" --profile minimal
  cargo "+$version.0" check --locked --target-dir target/oldest "$@"
}

for version in "${!chosen[@]}"; do
  # The list is split into words on purpose.
  # shellcheck disable=SC2086
  with "$version" ${chosen[$version]}
done
# By way of rten, as its README says.
with 1.94 --package embed-local --features model
