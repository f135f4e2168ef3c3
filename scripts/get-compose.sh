#!/usr/bin/env bash
# Fetches Docker's compose (Debian 13's package docker-compose, 13 MB) to check docker/docker-compose.yml where it is not
# installed, and prints its path:
#
#   "$(scripts/get-compose.sh)" -f docker/docker-compose.yml config
#
# It is kept in XDG_CACHE_HOME (~/.cache) and fetched once; nothing is installed. Needs apt, on Debian or a system whose apt has
# a Debian mirror.
set -euo pipefail

program=${XDG_CACHE_HOME:-$HOME/.cache}/caching_with_redis/docker-compose
keys=/usr/share/keyrings/debian-archive-keyring.gpg

fail() { echo "get-compose.sh: $*" >&2; exit 1; }

# The mirror that this system's apt uses.
# shellcheck disable=SC2016 # apt fills these in
mirror() { apt-get indextargets --format '$(REPO_URI) $(RELEASE)' | awk '$2 !~ /-security$/ {print $1; exit}'; }

# apt with lists and a state of its own: those of the system stay as they are.
configure() {
  local folder=$1
  mkdir -p "$folder"/{lists/partial,archives/partial,state,none}
  : >"$folder/status"
  echo "deb [signed-by=$keys] $(mirror) trixie main" >"$folder/sources.list"
  cat >"$folder/apt.conf" <<END
Dir::State "$folder/state";
Dir::State::lists "$folder/lists";
Dir::State::status "$folder/status";
Dir::Cache "$folder";
Dir::Etc::sourcelist "$folder/sources.list";
Dir::Etc::sourceparts "$folder/none";
Dir::Etc::preferencesparts "$folder/none";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "$folder/none";
APT::Sandbox::User "$(id -un)";
Acquire::Languages "none";
END
  # How the network is reached is the system's matter.
  apt-config dump | grep -E '^Acquire::(http|https|ftp)(::| )' >>"$folder/apt.conf" || true
}

fetch() {
  local folder=$1 fetched
  configure "$folder"
  (
    cd "$folder"
    export APT_CONFIG=$folder/apt.conf
    apt-get -qq update && apt-get -qq download docker-compose
  ) >&2 || fail "apt cannot download docker-compose; is there a network?"
  dpkg-deb -x "$folder"/docker-compose_*.deb "$folder/unpacked"
  fetched=$folder/unpacked/usr/libexec/docker/cli-plugins/docker-compose
  "$fetched" version >/dev/null || fail "the docker-compose of the package does not run here"
  mv "$fetched" "$program"
}

if [[ ! -x $program ]]; then
  [[ -f $keys ]] || fail "this is no Debian: install Docker's compose plugin"
  mkdir -p "$(dirname "$program")"
  temporary=$(mktemp -d "$program.XXXXXX")
  trap 'rm -rf "$temporary"' EXIT
  fetch "$temporary"
fi
echo "$program"
