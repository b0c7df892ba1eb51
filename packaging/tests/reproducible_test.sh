#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# reproducible_test.sh FOLDER: built again in another place, time zone, language and umask, the Debian packages in FOLDER
# come out the same to the byte.
set -euo pipefail
first=$(readlink -f "$1")
here=$(readlink -f "$(dirname "$0")")
again=$(mktemp -d)/another-place
trap 'rm -r "${again%/*}"' EXIT
(umask 027 && TZ=Asia/Kathmandu LC_ALL=C "$here/../build-deb" "$again")
for file in "$first"/iops-limitd_*.deb "$first"/iops-limitd-dbgsym_*.deb "$first"/iops-limitd_*.tar.xz \
  "$first"/iops-limitd_*.dsc; do
  cmp "$file" "$again/${file##*/}"
done
