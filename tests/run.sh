#!/usr/bin/env bash
# Builds everything and runs the suite: unit, integration, browser, package, structure.
#
#   tests/run.sh                 the release preset, as users run it
#   tests/run.sh asan-ubsan      another preset: dev, asan-ubsan, tsan
#   tests/run.sh release -R unit further arguments go to ctest
#
# Installs what is missing with apt first, and says so. LOOPSCOPE_CMAKE_FLAGS is passed to cmake.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

preset=${1:-release}
[ $# -eq 0 ] || shift

.ci/install-packages.sh build dashboard demo test
.ci/install-node-modules.sh server/dashboard tests/browser ||
  echo "tests/run.sh: going on without the dashboard; its tests are skipped" >&2
# shellcheck disable=SC2086 # several flags in one variable
cmake --preset "$preset" -D LOOPSCOPE_BUILD_TESTS=ON -D LOOPSCOPE_BUILD_BENCH=ON ${LOOPSCOPE_CMAKE_FLAGS:-}
cmake --build --preset "$preset"

# What a sanitizer finds is kept, so that no second try can hide it.
findings=$(mktemp -d)
trap 'rm -rf "$findings"' EXIT
export ASAN_OPTIONS="log_path=$findings/asan:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="log_path=$findings/ubsan:print_stacktrace=1:${UBSAN_OPTIONS:-}"
# A process that is told to end at once leaves its threads as they are.
export TSAN_OPTIONS="log_path=$findings/tsan:report_thread_leaks=0:suppressions=$PWD/tests/tsan.supp:${TSAN_OPTIONS:-}"

failed=0
ctest --preset "$preset" -LE real_time -j "$(nproc)" "$@" || failed=$?
# What really blocks and is really measured has more tries when the machine was busy with something else: a defect
# fails every time. Most of it has the machine to itself (RUN_SERIAL); the rest mostly waits.
ctest --preset "$preset" -L real_time -j 2 --repeat until-pass:5 "$@" || failed=$?
if [ -n "$(ls "$findings")" ]; then
  cat "$findings"/*
  failed=1
fi
exit "$failed"
