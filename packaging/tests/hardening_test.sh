#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# hardening_test.sh FOLDER: the programs of both packages in FOLDER have what the hardening flags give. With --programs the
# programs iops-limitd and iopsctl in FOLDER, as CMake alone builds them. What -fstack-clash-protection does is not visible.
set -euo pipefail
failures=0

# has PROGRAM WHAT PATTERN COMMAND...: the command's output for the program matches.
has() {
  local program=$1 what=$2 pattern=$3 out
  shift 3
  out=$("$@" "$program")
  grep -qE -- "$pattern" <<<"$out" && return
  echo "$program: no $what"
  failures=$((failures + 1))
}

# Counts the marks of -fcf-protection where a call or jump may land. The C library's own part has two.
landings() { objdump -d -j .text "$1" | grep -c '\<endbr64'; }

check() {
  has "$1" "position-independent code" 'FLAGS_1.* PIE' readelf -Wd
  has "$1" "read-only relocations" 'GNU_RELRO' readelf -Wl
  has "$1" "binding of all symbols at start" 'FLAGS_1.* NOW' readelf -Wd
  has "$1" "stack protector" '__stack_chk_fail' readelf -W --dyn-syms
  has "$1" "fortified function of the C library" '__[a-z]+_chk@' readelf -W --dyn-syms
  # Not the note of -fcf-protection: the linker drops it because the C library's start-up objects on Debian have none.
  ! readelf -h "$1" | grep -q 'X86-64' || has "$1" "control-flow protection" '^[0-9]{3,}$' landings
}

if [ "$1" = --programs ]; then
  check "$2/iops-limitd"
  check "$2/iopsctl"
else
  work=$(mktemp -d)
  trap 'rm -r "$work"' EXIT
  dpkg-deb -x "$1"/iops-limitd_*.deb "$work/deb"
  mkdir "$work/rpm"
  rpm2cpio "$1"/iops-limitd-[0-9]*[!c].rpm | (cd "$work/rpm" && cpio -id --quiet)
  for program in "$work"/{deb,rpm}/usr/{sbin/iops-limitd,bin/iopsctl}; do check "$program"; done
fi
[ "$failures" -eq 0 ]
