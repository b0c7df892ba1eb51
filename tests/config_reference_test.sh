#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The reference of the configuration is what the table of keys gives. Usage: config_reference_test.sh PROGRAM SOURCE_FOLDER
set -u
program=${1:?} source=${2:?}
failures=0

# same FORM FILE
same() {
  diff -u --label "$2" --label "the table of keys" "$source/$2" <("$program" "$1") && return
  failures=$((failures + 1))
}

same --sample conf/iops-limitd.conf
same --man man/iops-limitd.conf.5
same --markdown docs/configuration.md
[ "$failures" -eq 0 ] || echo "run ./dev docs"
[ "$failures" -eq 0 ]
