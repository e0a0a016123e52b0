#!/usr/bin/env bash
# Builds the fuzz targets with Clang and runs each for some seconds: the coverage-guided search for an input that breaks a
# parser, the command line or the stream buffer.
#
#   tests/fuzz/run.sh            5 seconds each, as CI does
#   tests/fuzz/run.sh 600        longer
#   tests/fuzz/run.sh 60 request_head command_line
#
# What breaks one is kept in build/fuzz/findings and makes this fail; run the target with that file to see it again.
# What was learnt stays in build/fuzz/corpus for the next run; tests/fuzz/corpus holds the seeds.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

seconds=${1:-5}
[ $# -eq 0 ] || shift
targets=("$@")
[ $# -gt 0 ] || targets=(command_line query_parameters request_head request_target stream_buffer)

cmake -G Ninja -S . -B build/fuzz -D CMAKE_BUILD_TYPE=None -D CMAKE_CXX_COMPILER=clang++ -D LOOPSCOPE_BUILD_FUZZ=ON \
  -D LOOPSCOPE_BUILD_TESTS=OFF -D LOOPSCOPE_BUILD_BENCH=OFF >/dev/null
cmake --build build/fuzz --target "${targets[@]/#/fuzz_}"

findings=build/fuzz/findings
mkdir -p "$findings"
failed=0
for name in "${targets[@]}"; do
  mkdir -p "build/fuzz/corpus/$name"
  options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=2048 -print_final_stats=1
    -artifact_prefix="$findings/$name.")
  dictionary=tests/fuzz/dictionaries/$name.dict
  [ ! -f "$dictionary" ] || options+=(-dict="$dictionary")
  log=build/fuzz/$name.log
  if "build/fuzz/bin/fuzz_$name" "${options[@]}" "build/fuzz/corpus/$name" "tests/fuzz/corpus/$name" >"$log" 2>&1; then
    echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") executions in $seconds s, nothing found"
  else
    failed=1
    tail -n 60 "$log"
    echo "$name: FAILED after $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") executions" >&2
  fi
done
exit "$failed"
