#!/usr/bin/env bash

# SPDX-License-Identifier: MIT

# Installs with npm the packages in the package-lock.json of each folder, unless they are installed.
#
#   .ci/install-node-modules.sh tests/browser .ci
#
# Fails with a message when npm is missing or cannot reach its registry. The service and the comparison need none of these packages.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
[ $# -gt 0 ] || {
  echo "usage: install-node-modules.sh FOLDER..." >&2
  exit 2
}

for folder in "$@"; do
  # npm leaves a copy of the lock file that it installed.
  [ "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ] && continue
  command -v npm >/dev/null || {
    echo "install-node-modules: npm is missing, needed for $folder" >&2
    exit 1
  }
  echo "install-node-modules: installing the packages of $folder/package-lock.json with npm" >&2
  npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --loglevel error </dev/null ||
    {
      echo "install-node-modules: npm could not install $folder" >&2
      exit 1
    }
done
