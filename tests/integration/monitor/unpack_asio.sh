#!/usr/bin/env bash

# SPDX-License-Identifier: MIT

# Unpacks Debian's Asio without Boost into a folder, without installing it.
set -euo pipefail

folder=${1:?usage: unpack_asio.sh FOLDER}
mkdir -p "$folder"
cd "$folder"
apt-get download libasio-dev
dpkg -x libasio-dev_*.deb .
