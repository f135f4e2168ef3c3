#!/usr/bin/env bash
# Makes the Debian package of cache-cli, in target/debian: build-deb.sh [PROGRAM]
#
# PROGRAM is one that is built already; without it a release is built. DEBFULLNAME and DEBEMAIL say who maintains the package. Needs
# cargo-deb (cargo install cargo-deb); with dpkg-dev it finds out by itself which libraries the program needs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

program=${1:-target/release/cache-cli}
if (($# == 0)); then cargo build --locked --release --package cache-cli --target-dir target; fi

# The program and the rest of the package, where the recipe in the crate's manifest looks for them.
folder=target/deb/release/pages
rm -rf target/deb
mkdir -p "$folder"/{bash,zsh,fish,man/en,man/ko}
cp "$program" target/deb/release/cache-cli

# What the program says of itself: completions, and the manual of each of its verbs in both languages.
"$program" completions bash >"$folder/bash/cache-cli"
"$program" completions zsh >"$folder/zsh/_cache-cli"
"$program" completions fish >"$folder/fish/cache-cli.fish"
# shellcheck disable=SC2016
"$program" reference cli --lang en | sed -n 's/^## `cache-cli *\(.*\)`$/\1/p' | while read -r -a verb; do
  page=$(IFS=-; echo "cache-cli${verb:+-}${verb[*]}.1")
  for language in en ko; do
    "$program" man ${verb[@]+"${verb[@]}"} --lang "$language" >"$folder/man/$language/$page"
  done
done
gzip -9n "$folder"/man/*/*

version=$(cargo pkgid --offline --package cache-cli | sed 's/.*[#@]//')
maintainer="${DEBFULLNAME:-The caching_with_redis authors} <${DEBEMAIL:-nobody@localhost}>"
# Of the last commit, so that the same tree gives the same package.
seconds=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH=$seconds
cat >"$folder/changelog" <<END
cache-cli ($version-1) unstable; urgency=medium

  * The changes of $version: CHANGELOG.md in the project's repository.

 -- $maintainer  $(date -R -d "@$seconds")
END

CARGO_TARGET_DIR=$PWD/target/deb cargo deb --no-build --strip --no-dbgsym --locked --package cache-cli \
  --maintainer "$maintainer" --output target/debian/
