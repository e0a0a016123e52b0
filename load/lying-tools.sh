#!/usr/bin/env bash

# SPDX-License-Identifier: MIT

# Lets a loop stall for 3 s under each of four measurements, and prints their figures beside the server's own record.
#
#   load/lying-tools.sh              # installs and builds what is missing; about 25 s
#   load/lying-tools.sh --help
set -euo pipefail

here="$(dirname "$(readlink -f "$0")")"
command -v python3 >/dev/null || "$here/../.ci/install-packages.sh" demo
PYTHONPATH="$here" exec python3 -m loopscope_load.lying_tools "$@"
