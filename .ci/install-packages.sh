#!/usr/bin/env bash
# Installs the missing packages of the named sections of packages.txt, after a message that names them.
#
#   .ci/install-packages.sh build demo     # sections of packages.txt
#
# Uses apt-get, with sudo unless it runs as root.
set -euo pipefail

list="$(dirname "$(readlink -f "$0")")/packages.txt"
[ $# -gt 0 ] || {
  echo "usage: install-packages.sh SECTION..." >&2
  exit 2
}

wanted=()
for section in "$@"; do
  mapfile -t names < <(awk -v section="[$section]" \
    '/^\[/ { inside = ($0 == section) } inside && /^[a-z0-9]/ { print }' "$list")
  [ ${#names[@]} -gt 0 ] || {
    echo "install-packages: no section [$section] in $list" >&2
    exit 2
  }
  wanted+=("${names[@]}")
done

missing=()
for line in "${wanted[@]}"; do
  read -r name command_there <<<"$line"
  [ -n "$command_there" ] && command -v "$command_there" >/dev/null && continue
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" = installed ] || missing+=("$name")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || {
    echo "install-packages: need root or sudo to install: ${missing[*]}" >&2
    exit 1
  }
  as_root=(sudo)
fi
echo "install-packages: installing with apt: ${missing[*]}" >&2
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
