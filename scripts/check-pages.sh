#!/usr/bin/env bash
# Proves that shells take the program's completions and readers its manual: check-pages.sh PROGRAM
#
# Whatever of bash, zsh, fish, groff and mandoc is not here is named, and not used.
set -euo pipefail
program=$(realpath "$1")

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0
complain() { echo "check-pages: $*" >&2; failed=1; }
here() { command -v "$1" >/dev/null || { echo "warning: $1 is not here: $2" >&2; return 1; }; }

"$program" completions bash >"$folder/cache-cli.bash"
"$program" completions zsh >"$folder/_cache-cli"
"$program" completions fish >"$folder/cache-cli.fish"

if here bash "its completions were not loaded"; then
  # shellcheck disable=SC2016
  bash --norc -uec 'source "$1"; complete -p cache-cli' bash "$folder/cache-cli.bash" >/dev/null || complain "bash does not take its completions"
fi
if here zsh "its completions were not loaded"; then
  # shellcheck disable=SC2016
  zsh -fec 'fpath=($1 $fpath); autoload -Uz compinit; compinit -u -d $1/dump
    [[ ${_comps[cache-cli]} == _cache-cli ]]; autoload -Uz +X _cache-cli' zsh "$folder" || complain "zsh does not take its completions"
fi
if here fish "its completions were not loaded"; then
  # shellcheck disable=SC2016
  found=$(HOME=$folder fish --no-config -c 'source $argv[1]; complete -C "cache-cli doc"' "$folder/cache-cli.fish")
  [[ $found == doctor* ]] || complain "fish does not complete: $found"
fi

# shellcheck disable=SC2016
verbs=$("$program" reference cli --lang en | sed -n 's/^## `cache-cli *\(.*\)`$/\1/p')
here groff "manuals were not rendered" && groff=true || groff=false
here mandoc "manuals were not checked" && mandoc=true || mandoc=false
while read -r -a verb; do
  for language in en ko; do
    page=$folder/page.1
    "$program" man ${verb[@]+"${verb[@]}"} --lang "$language" >"$page"
    if $groff; then
      said=$(groff -K utf8 -man -ww -z -T utf8 "$page" 2>&1)
      [[ -z $said ]] || complain "groff on ${verb[*]} ($language): $said"
    fi
    if $mandoc; then
      # That a page has no date is so on purpose.
      said=$(mandoc -T lint -W warning "$page" | grep -v 'missing date' || true)
      [[ -z $said ]] || complain "mandoc on ${verb[*]} ($language): $said"
    fi
  done
done <<<"$verbs"

((failed == 0)) && echo "Shells and readers take them: $(wc -l <<<"$verbs") manuals in two languages."
exit "$failed"
