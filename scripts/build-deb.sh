#!/usr/bin/env bash
# Makes the Debian package of cache-cli, in target/debian: build-deb.sh [PROFILE]
#
# PROFILE is that of cargo build, by default release. DEBFULLNAME and DEBEMAIL say who maintains the package. Needs
# cargo-deb (cargo install cargo-deb); with dpkg-dev it finds out by itself which libraries the program needs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

profile=${1:-release}
folder=target/deb
[[ $profile == dev ]] && program=target/debug/cache-cli || program=target/$profile/cache-cli

cargo build --locked --package cache-cli --profile "$profile" --target-dir target

# What the program says of itself: completions, and the manual of each of its verbs in both languages.
rm -rf "$folder"
mkdir -p "$folder"/{bash,zsh,fish,man/en,man/ko}
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

cargo deb --no-build --locked --package cache-cli --profile "$profile" --maintainer "$maintainer" --output target/debian/
