#!/usr/bin/env bash

# SPDX-License-Identifier: MIT

# Builds the monitor from source as a part of another project's build, by FetchContent and by add_subdirectory().
#
#   tests/package/embedded.sh CXX
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
compiler=$1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
  echo "$1"
  exit 1
}
configure() { # BUILD_DIR ARGUMENTS...: as a program without JSON, tests or a Python
  cmake -S "$here/embedder" -B "$1" -DLOOPSCOPE_SOURCE="$here/../.." -DCMAKE_CXX_COMPILER="$compiler" \
    -DCMAKE_DISABLE_FIND_PACKAGE_{nlohmann_json,GTest,Python3,CLI11,spdlog,benchmark}=ON "${@:2}" >"$work/log" 2>&1
}

echo "--- FetchContent"
configure "$work/fetched" -DCMAKE_BUILD_TYPE=RelWithDebInfo || fail "$(cat "$work/log")"
cmake --build "$work/fetched" -j2 >"$work/log" 2>&1 || fail "$(cat "$work/log")"
# Stands where the program's own project has it, which is not our bin/.
"$work/fetched/watch_your_own_loop" | tee "$work/stalls"
grep -q 'blocked .* recompute_everything (.*:[0-9]' "$work/stalls" || fail "no stall in recompute_everything"

own=$(grep '"command"' "$work/fetched/compile_commands.json" | grep watch_your_own_loop)
for flag in -fPIE -D_FORTIFY_SOURCE -D_GLIBCXX_ASSERTIONS -fno-omit-frame-pointer -Werror -Wall; do
  [[ $own != *$flag* ]] || fail "$flag has reached the program's own files: $own"
done
[[ $own != *-std=*20* ]] || fail "the program is not compiled as C++17: $own"
cmake --install "$work/fetched" --prefix "$work/installed" >"$work/log"
[ "$(cd "$work/installed" && find . -type f)" = ./bin/watch_your_own_loop ] ||
  fail "more than the program is installed: $(find "$work/installed" -type f)"

echo "--- add_subdirectory, without Boost"
! configure "$work/added" -DADD_SUBDIRECTORY=ON -DCMAKE_DISABLE_FIND_PACKAGE_Boost=ON || fail "configures without Boost"
grep 'headers of Boost' "$work/log" || fail "nothing says that Boost is missing: $(cat "$work/log")"

echo "--- without libdw"
! configure "$work/no_libdw" -DLOOPSCOPE_LIBDW_LIBRARY= || fail "configures without libdw"
grep 'libdw-dev' "$work/log" || fail "libdw-dev is not named: $(cat "$work/log")"
