#!/usr/bin/env bash

# SPDX-License-Identifier: MIT

# Installs the package into folders of its own, builds a stranger's programs against it and runs them: the component monitor
# alone, by CMake and by pkg-config, then everything.
#
#   tests/package/run.sh BUILD_DIR CXX
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
build=$1 compiler=$2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Runs a command whose output matters only when it fails.
quiet() {
  "$@" >"$work/log" 2>&1 || {
    cat "$work/log"
    echo "failed: $*"
    exit 1
  }
}
fail() {
  echo "$1"
  exit 1
}
configure() { # PREFIX BUILD_DIR ARGUMENTS...
  cmake -S "$here/stranger" -B "$2" -DCMAKE_PREFIX_PATH="$1" -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    -DCMAKE_CXX_COMPILER="$compiler" "${@:3}"
}
# Counts the sentences in FILE about a stall of LOOP in FUNCTION.
stalls_in() { grep -c "^loop $1 .*blocked .* $2 (.*\.cpp:[0-9]" "$3" || true; }
told() { [ "$(stalls_in "$@")" -ge 1 ] || fail "no stall of $1 in $2: $(cat "$3")"; }

echo "--- component monitor alone"
monitor=$work/monitor
quiet cmake --install "$build" --component monitor --prefix "$monitor"
unwanted=$(find "$monitor" -path '*writers*' -o -path '*/bin/*' -o -name '*asio.a')
[ -z "$unwanted" ] || fail "the component monitor has $unwanted"
quiet configure "$monitor" "$work/build"
quiet cmake --build "$work/build" -j2

"$work/build/watch_your_own_loop" | tee "$work/stalls"
told main recompute_everything "$work/stalls"
"$work/build/watch_standalone_asio" | tee "$work/stalls"
told standalone recompute_everything "$work/stalls"
"$work/build/plug_in_host" "$work/build/libplug_in.so" | tee "$work/stalls"
[ "$(stalls_in plug-in recompute_in_plug_in "$work/stalls")" -eq 2 ] || fail "the plug-in was not watched twice"

echo "--- tests that fail because a loop stalled"
! "$work/build/stalling_test" >"$work/tests" || fail "no test failed although a loop stalled"
grep -A2 'stalling_test.cpp:[0-9]*: Failure' "$work/tests" | tee "$work/stalls"
[ "$(stalls_in loop parse_catalogue "$work/stalls")" -eq 2 ] || fail "not both stalls are told: $(cat "$work/tests")"
for name in session.parses shared_session.parses; do
  grep -q "FAILED  \] $name (" "$work/tests" || fail "$name has not failed: $(cat "$work/tests")"
done
for name in session.does_not_block shared_session.answers shared_session.answers_again; do
  grep -q "OK \] $name (" "$work/tests" || fail "$name has failed: $(cat "$work/tests")"
done

echo "--- pkg-config alone"
read -r pc < <(find "$monitor" -name '*.pc')
read -ra flags < <(PKG_CONFIG_PATH=${pc%/*} pkg-config --cflags --libs loopscope-monitor)
quiet "$compiler" -std=c++17 -O2 -g1 "$here/stranger/watch_your_own_loop.cpp" "${flags[@]}" -o "$work/by_pkg_config"
"$work/by_pkg_config" >"$work/stalls"
told main recompute_everything "$work/stalls"

echo "--- what is missing is named"
! configure "$monitor" "$work/no_libdw" -DLOOPSCOPE_LIBDW_LIBRARY= >"$work/log" 2>&1 || fail "configures without libdw"
grep -q 'libdw-dev' "$work/log" || fail "libdw-dev is not named: $(cat "$work/log")"
! configure "$monitor" "$work/no_writers" -DWRITERS=ON >"$work/log" 2>&1 || fail "configures without the writers"

echo "--- everything"
quiet cmake --install "$build" --prefix "$work/installed"
for file in bin/loopscope share/man/man1/loopscope.1 share/bash-completion/completions/loopscope \
  share/doc/loopscope/copyright share/doc/loopscope/LICENSE; do
  [ -s "$work/installed/$file" ] || fail "$file is not installed"
done
"$work/installed/bin/loopscope" --licenses | cmp - "$work/installed/share/doc/loopscope/copyright"
quiet configure "$work/installed" "$work/build_all" -DWRITERS=ON
quiet cmake --build "$work/build_all" -j2
cd "$work" && build_all/write_your_own_file | tee "$work/written"
grep -qx 'in order' "$work/written"
