#!/usr/bin/env bash
# Asks /hello with wrk before and during a write by METHOD, and prints both side by side.
#
#   load/stall.sh METHOD [URL]        # URL: a running loopscope, default http://127.0.0.1:8080
#   load/stall.sh --help
#
# wrk's --timeout is above any stall of the write, and its run ends after the write has answered:
# otherwise wrk would drop the very samples that show the stall (see hello.lua).
set -euo pipefail

here="$(dirname "$(readlink -f "$0")")"
command -v python3 >/dev/null || "$here/../.ci/install-packages.sh" demo
PYTHONPATH="$here" exec python3 -m loopscope_load.stall "$@"
