#!/usr/bin/env bash
# Shows what each way of writing a million records does to everyone else on the same event loop.
#
#   load/demo.sh              # installs and builds what is missing, measures, prints one table and where the report is
#   load/demo.sh --help       # every flag of compare.py goes, such as --peer node
set -euo pipefail

here="$(dirname "$(readlink -f "$0")")"
command -v python3 >/dev/null || "$here/../.ci/install-packages.sh" demo
exec python3 "$here/compare.py" --quick "$@"
