#!/usr/bin/env bash
# Fetches with npm what the package-lock.json of each folder names, unless it is there.
#
#   .ci/install-node-modules.sh server/dashboard tests/browser
#
# Fails, and says so, when npm is missing or cannot reach its registry; what builds without these packages still does.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
[ $# -gt 0 ] || {
  echo "usage: install-node-modules.sh FOLDER..." >&2
  exit 2
}

for folder in "$@"; do
  # npm leaves a copy of what it installed from.
  [ "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ] && continue
  command -v npm >/dev/null || {
    echo "install-node-modules: npm is missing, needed for $folder" >&2
    exit 1
  }
  echo "install-node-modules: fetching with npm what $folder/package-lock.json names" >&2
  npm ci --prefix "$folder" --ignore-scripts --no-audit --no-fund --silent </dev/null ||
    {
      echo "install-node-modules: npm could not install $folder" >&2
      exit 1
    }
done
