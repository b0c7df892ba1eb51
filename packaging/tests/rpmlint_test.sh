#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# rpmlint_test.sh FOLDER: rpmlint finds no error and no warning in the rpms of FOLDER and the spec file, beside those that
# packaging/rpm/rpmlint.toml explains.
set -euo pipefail
rpm=$(readlink -f "$(dirname "$0")/../rpm")
found=$(rpmlint --config "$rpm/rpmlint.toml" "$rpm/iops-limitd.spec" "$1"/iops-limitd-[0-9]*.rpm || true)
grep -q ' 2 packages and 1 specfiles checked; 0 errors, 0 warnings' <<<"$found" || { echo "$found"; exit 1; }
