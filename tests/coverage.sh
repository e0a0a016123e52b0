#!/usr/bin/env bash

# SPDX-License-Identifier: MIT

# Measures which lines of writers/, server/ and load/ the unit and service tests reach, and prints the figures.
#
#   tests/coverage.sh            a summary
#   tests/coverage.sh --txt      a line for each file; further arguments go to gcovr
#
# Builds in build/coverage. A process that ends by a signal or by _exit(2) adds nothing, so the figures are a little low.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

.ci/install-packages.sh coverage
find build/coverage -name '*.gcda' -delete 2>/dev/null || true
LOOPSCOPE_CMAKE_FLAGS="-DLOOPSCOPE_BUILD_BENCH=OFF ${LOOPSCOPE_CMAKE_FLAGS:-}" \
  tests/run.sh coverage -L 'unit|service' || echo "tests/coverage.sh: some tests failed; the figures are of all" >&2
[ $# -gt 0 ] || set -- --print-summary --output build/coverage/lines.txt
gcovr --root . --filter 'writers/' --filter 'server/' --filter 'load/' --exclude-unreachable-branches \
  --exclude-throw-branches -j "$(nproc)" "$@" build/coverage
