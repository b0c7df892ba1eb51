#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The program's command line. Usage: program_test.sh PROGRAM SOURCE_FOLDER
set -u
program=${1:?} source=${2:?}
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
failures=0

# expect STATUS PATTERN COMMAND...: exit status and a line of output (extended regular expression).
expect() {
  local status=$1 pattern=$2 out found
  shift 2
  out=$("$@" 2>&1)
  found=$?
  if [ "$found" -ne "$status" ] || ! grep -qE -- "$pattern" <<<"$out"; then
    printf '%s\n  expected %s and /%s/, found %s and:\n%s\n' "$*" "$status" "$pattern" "$found" "$out"
    failures=$((failures + 1))
  fi
}

printf '[limits]\niopss = 4\nread_iops = 1\n\n[nowhere]\n' >"$folder/bad.conf"
printf '[limits]\niops = 700\n[service]\napply = systemd\n' >"$folder/good.conf"

expect 0 '^iops-limitd [0-9]+\.[0-9]+\.[0-9]+$' "$program" --version
expect 0 'check-config' "$program" --help
expect 0 "^$source/conf/iops-limitd.conf: no errors$" "$program" --check-config "$source/conf/iops-limitd.conf"
expect 0 "^$folder/good.conf: no errors$" "$program" --check-config "$folder/good.conf"
expect 78 "^$folder/bad.conf:2: .*'iopss'.*did you mean 'iops'" "$program" --check-config "$folder/bad.conf"
expect 78 "^$folder/bad.conf:3: .*read_iops" "$program" --check-config "$folder/bad.conf"
expect 78 "^$folder/bad.conf:5: .*nowhere" "$program" --check-config "$folder/bad.conf"
expect 78 "^$folder/none.conf: no such file" "$program" --check-config "$folder/none.conf"
expect 78 "^environment variable CONTAINER_IOPS_LIMIT: .*" env CONTAINER_IOPS_LIMIT=-1 "$program" --check-config
expect 64 'nonsense' "$program" --nonsense
[ "$failures" -eq 0 ]
