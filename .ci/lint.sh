#!/usr/bin/env bash

# SPDX-License-Identifier: MIT

# Checks every source without building it: formatters, linters and type checks. Fails on any finding.
#
#   .ci/lint.sh         checks
#   .ci/lint.sh --fix   adds missing licence lines, formats C++, Python, shell, JavaScript, JSON and CSS first
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."

.ci/install-packages.sh lint
biome=
if .ci/install-node-modules.sh .ci; then
  biome=.ci/node_modules/.bin/biome
else
  echo ".ci/lint.sh: npm did not succeed, so JavaScript, JSON and CSS are not checked" >&2
fi

cpp() { git ls-files -z '*.cpp' '*.hpp'; }
python() { git ls-files -z '*.py'; }
shell() { git ls-files -z '*.sh' .ci/run; }
black=(black --line-length 120 --target-version py311)

.ci/license-lines.sh "$@"
if [ "${1:-}" = --fix ]; then
  cpp | xargs -0 clang-format -i
  python | xargs -0 "${black[@]}"
  shell | xargs -0 shfmt -i 2 -ci -w
  [ -z "$biome" ] || "$biome" format --write
fi

cpp | xargs -0 clang-format --dry-run -Werror
python | xargs -0 "${black[@]}" --check
python | xargs -0 flake8
# Each folder is a program of its own. Two of them may have modules of the same name.
for folder in tests/support tests/integration/service tests/integration/monitor tests/integration/watch tests/structure tests/soak tests/docker; do
  MYPYPATH=tests/support:$folder mypy --no-error-summary "$folder"/*.py
done
# The others share the modules of load/.
MYPYPATH=load:load/bench:tests/support:tests/integration/load mypy --no-error-summary --explicit-package-bases \
  load/*.py load/loopscope_load/*.py load/loopscope_load/claim_rules/*.py load/bench/*.py load/bench/parts/*.py \
  tests/integration/load/*.py docker/balancer/*.py .ci/*.py
shell | xargs -0 shellcheck
shell | xargs -0 shfmt -i 2 -ci -d
git ls-files -z '*.yml' '*.yaml' | xargs -0 yamllint --strict
[ -z "$biome" ] || "$biome" ci --error-on-warnings
