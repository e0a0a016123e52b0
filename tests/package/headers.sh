#!/usr/bin/env bash

# SPDX-License-Identifier: MIT

# Compiles the monitor's public headers as strict programs in C++17 and C++20 do, with GCC and with Clang: together, and
# each as the first one of a file.
#
#   tests/package/headers.sh KIND [INCLUDE_FOLDER]
#
# KIND: boost_asio or standalone_asio. INCLUDE_FOLDER: has boost/ or asio/; without it the system's.
#
#   tests/package/headers.sh debian_12_default DOWNLOAD_FOLDER
#
# downloads Boost 1.74, which Debian 12 calls libboost-dev, by apt and does not install it. Exit status 77: not possible.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
kind=$1 folder=${2:-}

if [ "$kind" = debian_12_default ]; then
  kind=boost_asio
  if [ ! -d "$folder/usr/include/boost" ]; then
    mkdir -p "$folder"
    (cd "$folder" && apt-get download -qq libboost1.74-dev && dpkg -x libboost1.74-dev_*.deb .) >"$folder/log" 2>&1 || {
      echo "SKIPPED: apt cannot download libboost1.74-dev: $(tail -1 "$folder/log")"
      exit 77
    }
  fi
  folder=$folder/usr/include
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/loopscope"
ln -s "$here/../../server/monitor" "$work/loopscope/monitor"

mapfile -t headers < <(sed -n 's|^#include \(<loopscope/.*>\)|\1|p' "$here/headers/$kind.cpp")
for header in "${headers[@]}"; do
  printf '#include <utility>\n#include %s\n' "$header" >"$work/$(basename "$header" .hpp\>).cpp"
done

compile() { # COMPILER STANDARD SOURCE [FOLDER]
  "$1" "-std=$2" -fsyntax-only -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -I "$work" ${4:+-isystem "$4"} "$3" &&
    echo "$1 -std=$2 $(basename "$3"): accepted"
}
export -f compile
export work
for compiler in g++ clang++; do
  for standard in c++17 c++20; do
    printf '%s\0' "compile $compiler $standard $here/headers/$kind.cpp $folder"
    for source in "$work"/*.cpp; do printf '%s\0' "compile $compiler $standard $source $folder"; done
  done
done | xargs -0 -P 2 -n 1 bash -c
