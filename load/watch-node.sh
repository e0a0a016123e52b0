#!/usr/bin/env bash

# SPDX-License-Identifier: MIT

# Runs the articles' own methods in Node.js under `loopscope watch`, and prints what blocked Node.js's loop in each.
#
#   load/watch-node.sh               # installs and builds what is missing; about a minute
#   load/watch-node.sh --help
set -euo pipefail

here="$(dirname "$(readlink -f "$0")")"
command -v python3 >/dev/null || "$here/../.ci/install-packages.sh" demo
PYTHONPATH="$here" exec python3 -m loopscope_load.watch_node "$@"
