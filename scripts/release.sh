#!/usr/bin/env bash
# Publishes the crates, those below first, and tags the commit: release.sh [--dry-run]
#
# The rest of a release is in CONTRIBUTING.md. Begun again after it broke off, it goes on where it ended. With --dry-run
# it names everything that stands in the way and packages without publishing. Needs jq. Exit code: 0 done, 1 refused or failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

dry=false
case ${1:-} in
  "") ;;
  --dry-run) dry=true ;;
  *) echo "release: $1 is no option: --dry-run is the only one" >&2; exit 1 ;;
esac

refused=false
refuse() { echo "release: $*" >&2; refused=true; }

# What is published, in an order in which everything is there before it is needed. Dependencies of tests are left out of
# packages, as they have no version.
order() {
  jq -r '.packages[] | select(.publish == null) | .name as $crate
    | "\($crate) \($crate)", (.dependencies[] | select(.path and .kind != "dev") | "\(.name) \($crate)")' <<<"$1" | tsort
}

metadata=$(cargo metadata --no-deps --locked --format-version 1)
crates=$(order "$metadata")
version=$(jq -r '.packages[] | select(.name == "caching_with_redis") | .version' <<<"$metadata")
repository=$(jq -r '.packages[] | select(.name == "caching_with_redis") | .repository // ""' <<<"$metadata")

[[ -n $repository ]] || refuse "repository in [workspace.package] is empty: name the project's repository"
[[ -z $(git status --porcelain) ]] || refuse "the working tree has changes: commit them"
grep -qE "^## \[${version//./\\.}\] - [0-9]{4}-[0-9]{2}-[0-9]{2}$" CHANGELOG.md ||
  refuse "CHANGELOG.md has no section \"## [$version] - DATE\""
if tagged=$(git rev-parse --quiet --verify "refs/tags/v$version^{commit}"); then
  [[ $tagged == "$(git rev-parse HEAD)" ]] || refuse "v$version is the tag of another commit: raise the version"
fi
if git describe --tags --abbrev=0 --match 'v*' >/dev/null 2>&1; then
  scripts/check-semver.sh || refuse "the version does not announce what has changed"
fi

if $dry; then
  printf '%s would be published in this order:\n%s\n' "$version" "$crates"
  chosen=()
  for crate in $crates; do chosen+=(--package "$crate"); done
  cargo publish --dry-run --no-verify --allow-dirty --locked "${chosen[@]}"
  if $refused; then exit 1; fi
  exit 0
fi
if $refused; then exit 1; fi

for crate in $crates; do
  # A package of the same name may be somebody else's.
  if cargo info --quiet --registry crates-io "$crate@$version" 2>/dev/null | grep -qxF "repository: $repository"; then
    echo "$crate $version is published"
  else
    # The registry takes a few new crates at a time, then one every ten minutes.
    cargo publish --locked --package "$crate" || { echo "release: run it again later, it goes on with $crate" >&2; exit 1; }
  fi
done
git tag --annotate "v$version" --message "Version $version" 2>/dev/null || true
echo "published. Now: git push origin v$version"
