#!/usr/bin/env bash

# SPDX-License-Identifier: MIT

# Builds the images and tests them, and every profile of docker/compose.yaml, on the engine of this machine.
#
#   tests/docker/run.sh [unittest arguments]
#   tests/docker/run.sh --built [unittest arguments]    the images are there
#
# Without an engine that answers nothing is tested, and that is said; exit 0 then. LOOPSCOPE_TEST_SWARM=1 lets the
# stack's test make the engine a Swarm of one for as long as it lasts.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."

if ! docker info >/dev/null 2>&1; then
  echo "tests/docker: SKIPPED: no Docker engine answers here (docker info)." >&2
  exit 0
fi
if ! docker compose version >/dev/null 2>&1 && ! command -v docker-compose >/dev/null; then
  echo "tests/docker: SKIPPED: neither 'docker compose' nor docker-compose is installed." >&2
  exit 0
fi

python3 -c 'import jsonschema, yaml' ||
  {
    echo "tests/docker: .ci/install-packages.sh test installs what is missing." >&2
    exit 1
  }
step() { printf '\n=== tests/docker: %s (%ds)\n' "$*" "$SECONDS"; }
if [ "${1:-}" = --built ]; then
  shift
else
  version=$(sed -n 's/^project(loopscope VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
  step "building the image"
  docker build --target service --tag "loopscope:$version" .
  step "building the image that measures"
  docker build --target load --tag "loopscope-load:$version" .
fi
step "testing"
python3 -m unittest discover --start-directory tests/docker --verbose "$@"
step "done"
