#!/usr/bin/env bash
# Shows what each way of writing a million records does to everyone else on the same event loop.
#
#   load/demo.sh              # installs and builds what is missing, measures, prints one table
#   load/demo.sh --help
set -euo pipefail

here="$(dirname "$(readlink -f "$0")")"
command -v python3 >/dev/null || "$here/../.ci/install-packages.sh" demo
exec python3 "$here/demo.py" "$@"
