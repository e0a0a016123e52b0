#!/usr/bin/env bash

# SPDX-License-Identifier: MIT

# Shows the effect of each way of writing a million records on all other requests of the same event loop.
#
#   load/demo.sh              # installs and builds what is missing, measures, prints a table and the path of the report
#   load/demo.sh --help       # takes every flag of compare.py, such as --peer node
set -euo pipefail

here="$(dirname "$(readlink -f "$0")")"
command -v python3 >/dev/null || "$here/../.ci/install-packages.sh" demo
exec python3 "$here/compare.py" --quick "$@"
