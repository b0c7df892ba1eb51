#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# size_test.sh FOLDER: what each package in FOLDER takes on a node is less than 3.2 MB.
set -euo pipefail
limit=3200000
deb=$(($(dpkg-deb -f "$1"/iops-limitd_*.deb Installed-Size) * 1024))
rpm=$(rpm -qp --qf '%{SIZE}' "$1"/iops-limitd-[0-9]*[!c].rpm)
for size in "$deb" "$rpm"; do
  [ "$size" -lt $limit ] || { echo "installed size: expected less than $limit bytes, found $size"; exit 1; }
done
