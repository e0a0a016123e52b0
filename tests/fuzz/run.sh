#!/usr/bin/env bash

# SPDX-License-Identifier: MIT

# Builds the fuzz targets with Clang and runs each of them: a coverage-guided search for an input that breaks a parser,
# the command line or the stream buffer.
#
#   tests/fuzz/run.sh            a few seconds each, with the same inputs each time, as CI does
#   tests/fuzz/run.sh 600        600 seconds each; continues from the corpus of the last such run
#   tests/fuzz/run.sh 60 request_head command_line
#
# An input that breaks a target is kept in build/fuzz/findings, and the script fails. Run the target with that file to
# reproduce it. The corpus of a timed run is kept in build/fuzz/corpus; tests/fuzz/corpus holds the first inputs.
# LOOPSCOPE_SEED sets libFuzzer's seed.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

seconds=${1:-}
[ $# -eq 0 ] || shift
targets=("$@")
[ $# -gt 0 ] || targets=(command_line query_parameters request_head request_target stream_buffer)

cmake -G Ninja -S . -B build/fuzz -D CMAKE_BUILD_TYPE=None -D CMAKE_CXX_COMPILER=clang++ -D LOOPSCOPE_BUILD_FUZZ=ON \
  -D LOOPSCOPE_BUILD_TESTS=OFF -D LOOPSCOPE_BUILD_BENCH=OFF >/dev/null
cmake --build build/fuzz --target "${targets[@]/#/fuzz_}"

# Executions of the run without a time, a few seconds each.
declare -A inputs=([command_line]=1000 [query_parameters]=50000 [request_head]=100000 [request_target]=200000
  [stream_buffer]=50000)

seed=${LOOPSCOPE_SEED:-1}
[ -z "$seconds" ] || seed=${LOOPSCOPE_SEED:-$((RANDOM * 32768 + RANDOM + 1))}
echo "LOOPSCOPE_SEED=$seed"
findings=build/fuzz/findings
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
mkdir -p "$findings"
failed=0
for name in "${targets[@]}"; do
  if [ -n "$seconds" ]; then
    learned=build/fuzz/corpus/$name
    extent=(-max_total_time="$seconds")
  else
    learned=$fresh/$name
    extent=(-runs="${inputs[$name]}")
  fi
  mkdir -p "$learned"
  options=("${extent[@]}" -seed="$seed" -timeout=10 -rss_limit_mb=1024 -max_len=2048 -print_final_stats=1
    -artifact_prefix="$findings/$name.")
  dictionary=tests/fuzz/dictionaries/$name.dict
  [ ! -f "$dictionary" ] || options+=(-dict="$dictionary")
  log=build/fuzz/$name.log
  if "build/fuzz/bin/fuzz_$name" "${options[@]}" "$learned" "tests/fuzz/corpus/$name" >"$log" 2>&1; then
    echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") executions, nothing found"
  else
    failed=1
    tail -n 60 "$log"
    echo "$name: FAILED after $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") executions" >&2
  fi
done
exit "$failed"
