#!/usr/bin/env bash
# Builds the fuzz targets with Clang and runs each for some seconds: the coverage-guided search for an input that breaks a
# parser, the command line or the stream buffer.
#
#   tests/fuzz/run.sh            some seconds each and the same inputs each time, as CI does
#   tests/fuzz/run.sh 600        for so many seconds each, from where the last such run ended
#   tests/fuzz/run.sh 60 request_head command_line
#
# What breaks one is kept in build/fuzz/findings and makes this fail; run the target with that file to see it again.
# What a run for a time has learnt stays in build/fuzz/corpus for the next; tests/fuzz/corpus holds the seeds.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

seconds=${1:-}
[ $# -eq 0 ] || shift
targets=("$@")
[ $# -gt 0 ] || targets=(command_line query_parameters request_head request_target stream_buffer)

cmake -G Ninja -S . -B build/fuzz -D CMAKE_BUILD_TYPE=None -D CMAKE_CXX_COMPILER=clang++ -D LOOPSCOPE_BUILD_FUZZ=ON \
  -D LOOPSCOPE_BUILD_TESTS=OFF -D LOOPSCOPE_BUILD_BENCH=OFF >/dev/null
cmake --build build/fuzz --target "${targets[@]/#/fuzz_}"

# For the run without a time: some seconds of each.
declare -A inputs=([command_line]=1000 [query_parameters]=50000 [request_head]=100000 [request_target]=200000
  [stream_buffer]=50000)

findings=build/fuzz/findings
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
mkdir -p "$findings"
failed=0
for name in "${targets[@]}"; do
  if [ -n "$seconds" ]; then
    learnt=build/fuzz/corpus/$name
    extent=(-max_total_time="$seconds")
  else
    learnt=$fresh/$name
    extent=(-seed=1 -runs="${inputs[$name]}")
  fi
  mkdir -p "$learnt"
  options=("${extent[@]}" -timeout=10 -rss_limit_mb=1024 -max_len=2048 -print_final_stats=1
    -artifact_prefix="$findings/$name.")
  dictionary=tests/fuzz/dictionaries/$name.dict
  [ ! -f "$dictionary" ] || options+=(-dict="$dictionary")
  log=build/fuzz/$name.log
  if "build/fuzz/bin/fuzz_$name" "${options[@]}" "$learnt" "tests/fuzz/corpus/$name" >"$log" 2>&1; then
    echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") executions, nothing found"
  else
    failed=1
    tail -n 60 "$log"
    echo "$name: FAILED after $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") executions" >&2
  fi
done
exit "$failed"
