#!/usr/bin/env bash
# Installs the package into a folder of its own, builds a stranger's programs against it and runs them.
#
#   tests/package/run.sh BUILD_DIR CXX
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
build=$1 compiler=$2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cmake --install "$build" --prefix "$work/installed" >"$work/log" || {
  cat "$work/log"
  exit 1
}
cmake -S "$here/stranger" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/installed" -DCMAKE_BUILD_TYPE=RelWithDebInfo \
  -DCMAKE_CXX_COMPILER="$compiler" >"$work/log" 2>&1 || {
  cat "$work/log"
  exit 1
}
cmake --build "$work/build" >"$work/log" 2>&1 || {
  cat "$work/log"
  exit 1
}

"$work/build/watch_your_own_loop" | tee "$work/stalls"
grep -q 'recompute_everything (.*watch_your_own_loop.cpp:[0-9]' "$work/stalls"
cd "$work" && build/write_your_own_file | tee "$work/written"
grep -qx 'in order' "$work/written"
