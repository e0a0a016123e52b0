#!/usr/bin/env bash

# SPDX-License-Identifier: MIT

# Builds everything and runs all tests but those of the images, fuzzing and soaking. tests/README.md says more.
#
#   tests/run.sh                   the release preset, as users run it
#   tests/run.sh asan-ubsan        another preset: dev, asan-ubsan, tsan
#   tests/run.sh release -R unit   further arguments go to ctest
#   tests/run.sh --fast            formatting, the libraries, and the unit tests that do not measure time
#   LOOPSCOPE_LONG=1 tests/run.sh  also the tests with the label "long"
#
# Installs missing packages with apt first, and says so. LOOPSCOPE_CMAKE_FLAGS is passed to cmake. LOOPSCOPE_SEED sets the
# random choices of all tests; it is printed.
#
# A test that fails has failed. Only a test that second_tries.txt names, with the cause, is tried once more. With CI set,
# more than two such tests fail the run.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

export LOOPSCOPE_SEED=${LOOPSCOPE_SEED:-$((RANDOM * 32768 + RANDOM))}
echo "tests/run.sh: LOOPSCOPE_SEED=$LOOPSCOPE_SEED repeats the random choices of this run" >&2

if [ "${1:-}" = --fast ]; then
  shift
  .ci/install-packages.sh build unit
  if command -v clang-format >/dev/null; then
    git ls-files -z '*.cpp' '*.hpp' | xargs -0 clang-format --dry-run -Werror
  else
    echo "tests/run.sh: clang-format is missing, so formatting is not checked" >&2
  fi
  # shellcheck disable=SC2086 # several flags in one variable
  cmake --preset fast ${LOOPSCOPE_CMAKE_FLAGS:-}
  cmake --build --preset fast --target unit_tests
  exec ctest --preset fast -L 'unit|structure' -LE real_time -j "$(nproc)" "$@"
fi

preset=${1:-release}
[ $# -eq 0 ] || shift

.ci/install-packages.sh build charts demo unit test
# Node.js and its npm serve the tests of the page alone.
if ! .ci/install-packages.sh browser || ! .ci/install-node-modules.sh tests/browser; then
  echo "tests/run.sh: without what is named above, the page's tests are skipped" >&2
fi
# shellcheck disable=SC2086 # several flags in one variable
cmake --preset "$preset" -D LOOPSCOPE_BUILD_TESTS=ON -D LOOPSCOPE_BUILD_BENCH=ON ${LOOPSCOPE_CMAKE_FLAGS:-}
cmake --build --preset "$preset"

# Findings of a sanitizer are kept, so that a second try cannot hide them. Some tests run the service as another user, who
# may not enter the clone, and whose findings count as well.
sanitizers=$(mktemp -d)
trap 'rm -rf "$sanitizers"' EXIT
findings=$sanitizers/findings
mkdir -m 1777 "$findings"
install -m 644 tests/tsan.supp "$sanitizers"
chmod 755 "$sanitizers"
# The monitor gives each thread a signal stack that is larger than a sanitizer's.
export ASAN_OPTIONS="log_path=$findings/asan:use_sigaltstack=0:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="log_path=$findings/ubsan:print_stacktrace=1:${UBSAN_OPTIONS:-}"
# A process that ends at once after a second signal leaves its threads as they are. The child of a fork starts threads.
export TSAN_OPTIONS="log_path=$findings/tsan:report_thread_leaks=0:use_sigaltstack=0:die_after_fork=0:suppressions=$sanitizers/tsan.supp:${TSAN_OPTIONS:-}"

binary_dir=build/$preset
[ "$preset" != release ] || binary_dir=build
failed_log=$binary_dir/Testing/Temporary/LastTestsFailed.log

# Prints the names of those tests of the last ctest run that failed.
failed_tests() { [ ! -f "$failed_log" ] || sed 's/^[0-9]*://' "$failed_log"; }

# Prints the cause why a test may be tried once more; fails when there is none.
cause_of() {
  local pattern cause
  while read -r pattern cause; do
    [[ -z $pattern || $pattern == \#* || ! $1 =~ ^$pattern$ ]] || { echo "$cause" && return 0; }
  done <tests/second_tries.txt
  return 1
}

failed=0
long=(-LE long)
[ -z "${LOOPSCOPE_LONG:-}" ] || long=()
# Most tests wait for most of their time, so more of them run at once than there are cores.
ctest --preset "$preset" -LE "real_time${long:+|long}" -j "$(($(nproc) * 2))" "$@" || failed=1

rm -f "$failed_log"
if ! ctest --preset "$preset" -L real_time "${long[@]}" -j 2 "$@"; then
  mapfile -t names < <(failed_tests)
  [ ${#names[@]} -gt 0 ] || failed=1 # ctest itself failed
  again=()
  for name in "${names[@]}"; do
    if cause=$(cause_of "$name"); then
      again+=("$name")
      echo "tests/run.sh: SECOND TRY of $name: $cause" >&2
    else
      failed=1
    fi
  done
  if [ ${#again[@]} -gt 0 ]; then
    listed=$(printf '%s\n' "${again[@]}" | sed 's/[][().*+?^$|\\]/\\&/g' | paste -sd '|')
    ctest --preset "$preset" -R "^($listed)\$" || failed=1
    if [ -n "${CI:-}" ] && [ ${#again[@]} -gt 2 ]; then
      echo "tests/run.sh: ${#again[@]} tests needed a second try; CI allows two" >&2
      failed=1
    fi
  fi
fi
if [ -n "$(ls "$findings")" ]; then
  cat "$findings"/*
  failed=1
fi
[ "$failed" -eq 0 ] || echo "tests/run.sh: FAILED; LOOPSCOPE_SEED=$LOOPSCOPE_SEED repeats the random choices" >&2
exit "$failed"
