#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A build for another prefix than the packages' installs there and reads its files there.
# Usage: prefix_test.sh SOURCE_FOLDER BUILD_FOLDER
set -u
source=${1:?} build=${2:?}
prefix=$build/installed
cmake -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_INSTALL_PREFIX="$prefix" >/dev/null || exit 1
cmake --build "$build" >/dev/null || exit 1
config=$prefix/etc/iops-limitd/iops-limitd.conf
failures=0

fail() {
  printf '%s\n' "$*"
  failures=$((failures + 1))
}

# expect STATUS PATTERN COMMAND...
expect() {
  local status=$1 pattern=$2 out found
  shift 2
  out=$(env -i "$@" 2>&1)
  found=$?
  if [ "$found" -ne "$status" ] || ! grep -q -- "$pattern" <<<"$out"; then fail "$*: status $found and: $out"; fi
}

rm -rf "$prefix"
cmake --install "$build" >/dev/null || fail "cmake --install failed"

expect 0 "^$config: no errors$" "$prefix/sbin/iops-limitd" --check-config
expect 0 "$config" "$prefix/sbin/iops-limitd" --help
expect 0 "^iopsctl [0-9.]*$" "$prefix/bin/iopsctl" --version
expect 0 "^$config: no errors$" "$prefix/bin/iopsctl" check-config
echo "[nowhere]" >"$prefix/etc/iops-limitd/conf.d/wrong.conf"
expect 78 "^$prefix/etc/iops-limitd/conf.d/wrong.conf:1: " "$prefix/sbin/iops-limitd" --check-config
expect 78 "^$prefix/etc/iops-limitd/conf.d/wrong.conf:1: " "$prefix/bin/iopsctl" check-config

out=$(systemd-analyze verify --man=no --recursive-errors=no "$prefix/lib/systemd/system/iops-limitd.service" 2>&1) ||
  fail "systemd-analyze verify failed"
[ -z "$out" ] || fail "systemd-analyze verify says: $out"

# No text names the packages' paths. (A path below the prefix has something before its /etc.)
out=$(grep -rnIE '(^|[^a-zA-Z0-9._-])(/etc/(iops-limitd|default)|/usr/(s?bin|share)/iops)' "$prefix")
[ -z "$out" ] || fail "paths of another prefix: $out"
[ "$failures" -eq 0 ]
