#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# lintian_test.sh FOLDER: the Debian source and binary packages in FOLDER have no error and no warning.
set -euo pipefail
lintian --fail-on error,warning "$1"/iops-limitd_*.changes
