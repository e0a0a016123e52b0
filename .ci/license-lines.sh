#!/usr/bin/env bash

# SPDX-License-Identifier: MIT

# Checks that every source file has the line with the licence.
#
#   .ci/license-lines.sh         checks
#   .ci/license-lines.sh --fix   adds the missing lines with reuse (Debian package reuse)
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

license=MIT
missing() {
  git ls-files -z --cached --others --exclude-standard -- "$@" |
    xargs -0 grep -L "SPDX-License-Identifier: $license\$" || true
}
known=('*.cpp' '*.hpp' '*.c' '*.py' '*.js' '*.lua' '*.sh' '*.css' '*.html' '*.cmake' '*CMakeLists.txt' '*Dockerfile'
  '*.yaml' '*.yml')
# reuse has to be told that these have comments as Python has them.
like_python=('*.cfg' .ci/run)

if [ "${1:-}" = --fix ]; then
  add=(reuse annotate --license "$license" --exclude-year)
  missing "${known[@]}" | xargs -r -d '\n' "${add[@]}" >/dev/null
  missing "${like_python[@]}" | xargs -r -d '\n' "${add[@]}" --style python >/dev/null
fi
found=$(missing "${known[@]}" "${like_python[@]}")
[ -z "$found" ] || {
  printf 'no line with the licence; .ci/license-lines.sh --fix adds it:\n%s\n' "$found" >&2
  exit 1
}
