#!/usr/bin/env bash

# SPDX-License-Identifier: MIT

# Installs the missing packages of the named sections of packages.txt, after a message that names them.
#
#   .ci/install-packages.sh build demo     # sections of packages.txt
#
# Uses apt-get, with sudo unless it runs as root. Where there is no apt it installs nothing, and fails with one sentence that
# names what is missing.
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
mapfile -t wanted < <(printf '%s\n' "${wanted[@]}" | sort -u)

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
apt_knows() { [[ $(apt-cache policy "$1" 2>/dev/null) == *'Candidate: '[!\(]* ]]; }
any_of() { # any_of COMMAND NAME...: prints the first name for which the command succeeds
  local command=$1 name
  shift
  for name in "$@"; do
    if "$command" "$name"; then echo "$name" && return 0; fi
  done
  return 1
}
# Whether a command, or a header of the usual folders, is there.
is_there() {
  case $1 in
    *.h | *.hpp) [ -e "/usr/include/$1" ] || [ -e "/usr/local/include/$1" ] ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

has_apt=
if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then has_apt=yes; fi

missing=()
for line in "${wanted[@]}"; do
  read -r names probe <<<"$line"
  IFS='|' read -r -a alternatives <<<"$names"
  if [ -z "$has_apt" ]; then
    [ -z "$probe" ] || is_there "$probe" || missing+=("${alternatives[0]}")
  else
    case $probe in '' | *.h | *.hpp) ;; *) is_there "$probe" && continue ;; esac
    any_of is_installed "${alternatives[@]}" >/dev/null || missing+=("$names")
  fi
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ -z "$has_apt" ]; then
  echo "install-packages: there is no apt here, so install these yourself (Debian's names): ${missing[*]}" >&2
  exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || {
    echo "install-packages: need root or sudo to install: ${missing[*]}" >&2
    exit 1
  }
  as_root=(sudo)
fi
"${as_root[@]}" apt-get update -qq
chosen=() unknown=()
for names in "${missing[@]}"; do
  IFS='|' read -r -a alternatives <<<"$names"
  if name=$(any_of apt_knows "${alternatives[@]}"); then chosen+=("$name"); else unknown+=("$names"); fi
done
if [ ${#unknown[@]} -gt 0 ]; then
  echo "install-packages: apt knows none of these here: ${unknown[*]} (Debian 12, 13 and Ubuntu 24.04 have them)" >&2
  exit 1
fi
echo "install-packages: installing with apt: ${chosen[*]}" >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${chosen[@]}" >/dev/null
