#!/usr/bin/env bash

# SPDX-License-Identifier: MIT

# Measures one blocked replica of three through every configuration of docker/balancer/haproxy.cfg: a table in two minutes.
#
#   docker/balancer.sh [--block SECONDS] [--only NAME,NAME]
#
# Starts the profile, measures with loopscope-probe inside its network, writes docker/reports/balancer.json and stops the
# profile.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"

if docker compose version >/dev/null 2>&1; then compose=(docker compose); else compose=(docker-compose); fi
# A project name of its own: a service of the same compose file may be running.
compose+=(-p loopscope-balancer -f compose.yaml)
export DATA_PORT=0 ADMIN_PORT=0 BALANCER_PORT=0

"${compose[@]}" --profile balancer --profile lesson build >&2
trap '"${compose[@]}" --profile balancer --profile lesson down --volumes >&2' EXIT
"${compose[@]}" --profile balancer up -d replica-1 replica-2 replica-3 balancer >&2
echo "balancer.sh: HAProxy's statistics: http://127.0.0.1:${STATISTICS_PORT:-8404}" >&2
"${compose[@]}" run --rm lesson --json /reports/balancer.json "$@"
