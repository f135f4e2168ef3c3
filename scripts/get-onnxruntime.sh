#!/usr/bin/env bash
# Makes a Python environment with onnxruntime, for `cargo bench --features local-model --bench local_model` to compare with, and prints the
# path of its python:
#
#   export BENCH_PYTHON=$(scripts/get-onnxruntime.sh)
#
# It is kept in XDG_CACHE_HOME (~/.cache) and made once. Needs python3 with venv and pip.
set -euo pipefail

folder=${XDG_CACHE_HOME:-$HOME/.cache}/caching_with_redis/onnxruntime
python=$folder/bin/python

works() { "$python" -c 'import numpy, onnxruntime' 2>/dev/null; }

if ! works; then
  python3 -m venv --clear "$folder" >&2
  "$python" -m pip install --quiet numpy onnxruntime >&2
  works || { echo "get-onnxruntime.sh: onnxruntime is installed in $folder and does not start" >&2; exit 1; }
fi
echo "$python"
