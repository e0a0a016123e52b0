#!/usr/bin/env bash

# SPDX-License-Identifier: MIT

# Runs the README's two commands, load/demo.sh and tests/run.sh, on fresh Debian systems, from a clone of the last commit,
# and prints the minutes that each took.
#
#   tests/distributions/run.sh                    Debian 12 and 13
#   tests/distributions/run.sh --demo trixie      load/demo.sh alone, Debian 13 alone
#
# Each system is a root that debootstrap makes from this machine's own source of packages. The commands run twice: as an
# ordinary user with sudo, and in a second root as root where apt has no npm. Needs root, debootstrap, 6 GB, and about an hour
# a system on two cores. DISTRIBUTIONS_DIR keeps the logs and the empty systems, which a second run takes again.
set -euo pipefail
source="$(readlink -f "$(dirname "$0")/../..")"

commands=(load/demo.sh tests/run.sh)
[ "${1:-}" != --demo ] || { commands=(load/demo.sh) && shift; }
suites=("$@")
[ ${#suites[@]} -gt 0 ] || suites=(bookworm trixie)

fail() {
  echo "tests/distributions: $*" >&2
  exit 1
}
[ "$(id -u)" -eq 0 ] || fail "making a root needs root"
command -v debootstrap >/dev/null || fail "debootstrap is missing"
# shellcheck disable=SC2016 # apt's own variables
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | head -n 1)
[ -n "$mirror" ] || fail "this machine has no source of Debian packages to make a root from"

folder=${DISTRIBUTIONS_DIR:-}
if [ -z "$folder" ]; then
  folder=$(mktemp -d)
  trap 'rm -rf --one-file-system "$folder"' EXIT
fi
mkdir -p "$folder"

# make_root SUITE NAME: a minimal system with what a clone needs, and the clone in /home/newcomer.
make_root() {
  local root=$folder/$2
  rm -rf --one-file-system "$root"
  if [ ! -e "$folder/$1.tar" ]; then
    debootstrap --variant=minbase --include=ca-certificates,git,sudo "$1" "$root" "$mirror" >"$folder/$1.log"
    tar -C "$root" -cf "$folder/$1.tar" .
  else
    mkdir "$root" && tar -C "$root" -xf "$folder/$1.tar"
  fi
  cp /etc/resolv.conf "$root/etc/resolv.conf"
  printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$(hostname)" >"$root/etc/hosts" # as Debian's installer does
  chroot "$root" useradd --create-home --shell /bin/bash newcomer
  echo 'newcomer ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/newcomer"
  git clone --quiet "file://$source" "$root/home/newcomer/loopscope"
}

# inside NAME USER COMMAND: in namespaces of its own, so that no mount and no process is left behind.
inside() {
  local root=$folder/$1
  # shellcheck disable=SC2016 # expanded inside
  unshare --mount --pid --fork --kill-child bash -c '
    set -e
    mount -t proc proc "$1/proc"
    mount --rbind /sys "$1/sys"
    mount --rbind /dev "$1/dev"
    mount -t tmpfs tmpfs "$1/run"
    chroot "$1" chown -R "$2:" /home/newcomer/loopscope
    exec chroot "$1" su - "$2" -c "cd /home/newcomer/loopscope && $3"' bash "$root" "$2" "$3"
}

failed=0
rows=()
for suite in "${suites[@]}"; do
  for user in newcomer root; do
    name=$suite-$user
    make_root "$suite" "$name"
    who="user with sudo"
    if [ "$user" = root ]; then
      who="root, no npm"
      printf 'Package: npm\nPin: release *\nPin-Priority: -1\n' >"$folder/$name/etc/apt/preferences.d/no-npm"
    fi
    for command in "${commands[@]}"; do
      echo "tests/distributions: $suite, $who: $command" >&2
      log=$folder/$name-${command##*/}.log
      started=$SECONDS
      result=passed
      inside "$name" "$user" "$command" >"$log" 2>&1 || {
        result=FAILED
        failed=1
        tail -n 40 "$log" >&2
      }
      seconds=$((SECONDS - started))
      rows+=("$(printf '%-10s %-15s %-14s %3d min %02d s  %s' \
        "$suite" "$who" "$command" $((seconds / 60)) $((seconds % 60)) "$result")")
    done
    rm -rf --one-file-system "${folder:?}/$name"
  done
done
printf '%s\n' "${rows[@]}"
exit "$failed"
