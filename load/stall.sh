#!/usr/bin/env bash

# SPDX-License-Identifier: MIT

# Shows with wrk and curl what a write does to all other requests: wrk on /hello before, during and after it, then the
# server's own sentence about the stall.
#
#   load/stall.sh METHOD            # sync, promise, callback, stream, partition or offload, on a server of its own
#   load/stall.sh METHOD URL ADMIN  # on a running one, such as http://127.0.0.1:8080 http://127.0.0.1:8081
#
# COUNT in the environment is the number of records (1000000), LOOPSCOPE the program to start (build/bin/loopscope).
set -euo pipefail

here="$(dirname "$(readlink -f "$0")")"
usage() { sed -n '/^#   load/,/^set /{/^# \{0,1\}/s///p}' "$here/stall.sh"; }
fail() { echo "stall.sh: $*" >&2 && exit 1; }
[[ ${1:-} != --help && ${1:-} != -h ]] || { usage && exit 0; }
[[ $# -eq 1 || $# -eq 3 ]] || { usage >&2 && exit 2; }
method=$1 url=${2:-} admin=${3:-} count=${COUNT:-1000000}
if ! { command -v wrk && command -v curl; } >/dev/null; then "$here/../.ci/install-packages.sh" demo; fi

folder=$(mktemp -d)
# shellcheck disable=SC2046 # one word a process
trap 'kill $(jobs -p) 2>/dev/null || true; wait; rm -rf "$folder"' EXIT

if [ -z "$url" ]; then
  loopscope=${LOOPSCOPE:-$here/../build/bin/loopscope}
  [ -x "$loopscope" ] || fail "$loopscope is not there. Build it (load/demo.sh does), or give URL and ADMIN."
  mkfifo "$folder/ready"
  "$loopscope" --listen 127.0.0.1:0 --admin 127.0.0.1:0 --data-dir "$folder/data" >"$folder/ready" 2>"$folder/log" &
  read -r ready <"$folder/ready" || fail "the server did not start: $(cat "$folder/log")"
  url=http://$(grep -oP '"listen":"\K[^"]+' <<<"$ready")
  admin=http://$(grep -oP '"admin":"\K[^"]+' <<<"$ready")
fi

# wrk drops every sample above its --timeout (2 s unless told otherwise): the very samples that show a stall.
wrk_hello=(wrk -t1 -c16 --timeout 60s --latency "$url/hello")

printf '=== before\n'
"${wrk_hello[@]}" -d2s || fail "there is no answer from $url/hello"

printf '\n=== during: curl -X POST "%s", and wrk until that has ended\n' "$url/write?method=$method&count=$count"
"${wrk_hello[@]}" -d600s >"$folder/during" &
wrk=$!
sleep 0.2 # wrk connects
writes=0 end=$((SECONDS + 2))
until [ $SECONDS -ge $end ]; do # a short write is repeated
  curl -sS -X POST "$url/write?method=$method&count=$count" >"$folder/report"
  grep -q '"timing_ms"' "$folder/report" || fail "the write was refused: $(cat "$folder/report")"
  writes=$((writes + 1))
done
kill -INT $wrk # it reports what it saw until now
wait $wrk
cat "$folder/during"

printf '\n=== after\n'
"${wrk_hello[@]}" -d2s

printf '\n%s: %s writes of %s records; the last took %s ms.\n' "$method" "$writes" "$count" \
  "$(grep -oP '"completed": *\K[0-9]+' "$folder/report")"
curl -sS "$admin/stalls" | grep -oP '"sentence": *"\K([^"\\]|\\.)*' | grep -F "method=$method&" | sed -n 1p ||
  echo "The server has no stall of it: the loop was free."
