#!/usr/bin/env bash

# SPDX-License-Identifier: MIT

# Runs wrk on /hello as fast as it can, and prints the figures as a table and as one line of JSON.
#
#   load/baseline.sh [-d SECONDS] [-c CONNECTIONS] [-t THREADS] [-T TIMEOUT_SECONDS] [URL]
#
# URL is a running loopscope (default http://127.0.0.1:8080). DURATION_S (10), CONNECTIONS (32),
# THREADS (1) and TIMEOUT_S (10) in the environment set the defaults of the options. The time-out
# must be above the longest stall, or wrk drops the samples that show it (see hello.lua).
set -euo pipefail

here="$(dirname "$(readlink -f "$0")")"
usage() { sed -n '/^#   load/,/^set /{/^# \{0,1\}/s///p}' "$here/baseline.sh"; }

duration_s=${DURATION_S:-10} connections=${CONNECTIONS:-32} threads=${THREADS:-1} timeout_s=${TIMEOUT_S:-10}
case "${1:-}" in --help)
  usage
  exit 0
  ;;
esac
while getopts d:c:t:T:h option; do
  case $option in
    d) duration_s=$OPTARG ;;
    c) connections=$OPTARG ;;
    t) threads=$OPTARG ;;
    T) timeout_s=$OPTARG ;;
    h)
      usage
      exit 0
      ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
done
shift $((OPTIND - 1))
[ $# -le 1 ] || {
  usage >&2
  exit 2
}
for number in "$duration_s" "$connections" "$threads" "$timeout_s"; do
  [[ $number =~ ^[1-9][0-9]*$ ]] || {
    echo "baseline: '$number' is not a whole number above 0" >&2
    exit 2
  }
done

if ! { command -v wrk && command -v python3; } >/dev/null; then "$here/../.ci/install-packages.sh" demo; fi
url=${1:-http://127.0.0.1:8080}
[[ $url == *://* ]] || url=http://$url
url=${url%/}
url=${url%/hello}/hello

echo "wrk sends requests to $url for $duration_s s over $connections connections" >&2
output=$(wrk --threads "$threads" --connections "$connections" --duration "${duration_s}s" \
  --timeout "${timeout_s}s" --script "$here/hello.lua" "$url") || {
  echo "baseline: wrk failed" >&2
  exit 1
}
figures=$(grep '^{' <<<"$output" | tail -n 1) || {
  echo "baseline: wrk reported nothing: $output" >&2
  exit 1
}
PYTHONPATH="$here" python3 -m loopscope_load.wrk baseline <<<"$figures"
echo "$figures"
