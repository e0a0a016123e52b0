#!/usr/bin/env bash
# Runs wrk on /hello before and during writes by METHOD, and prints both side by side. stall.lua needs wrk alone.
#
#   load/stall.sh METHOD [URL] [--count N]      # URL: a running loopscope (default http://127.0.0.1:8080)
#   load/stall.sh --help
#
# wrk's --timeout is above any stall of the write, and wrk ends after the response to the write. Otherwise wrk would drop
# the samples that show the stall (see hello.lua).
set -euo pipefail

here="$(dirname "$(readlink -f "$0")")"
command -v python3 >/dev/null || "$here/../.ci/install-packages.sh" demo
PYTHONPATH="$here" exec python3 -m loopscope_load.stall "$@"
