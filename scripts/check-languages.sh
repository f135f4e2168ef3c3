#!/usr/bin/env bash
# Every page exists in English and in Korean, with the same headings, programs and tables.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

failed=0
complain() { echo "check-languages: $*" >&2; failed=1; }

# The shape of a page: levels of its headings, its fences, its rows of tables.
shape() { grep -oE '^(#+ |```[a-z,_]*|\|)' "$1" | sed 's/ $//'; }

pair() {
  local english=$1 korean=$2
  if [[ ! -f $english || ! -f $korean ]]; then
    complain "$english and $korean: one is missing"
  elif ! diff <(shape "$english") <(shape "$korean") >/dev/null; then
    complain "$english and $korean differ in headings, programs or tables"
  elif ! grep -q '니다' "$korean"; then
    complain "$korean is not in Korean"
  fi
}

pair README.md README.ko.md
for page in docs/*.md; do pair "$page" "docs/ko/$(basename "$page")"; done
for page in docs/ko/*.md; do pair "docs/$(basename "$page")" "$page"; done

((failed == 0)) && echo "Both languages say the same."
exit "$failed"
