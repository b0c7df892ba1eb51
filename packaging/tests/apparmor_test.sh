#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# apparmor_test.sh FOLDER: the Debian package in FOLDER has an AppArmor profile that compiles, its unit asks for it, and the
# package's script loads it before it restarts the service. What the profile denies is for the machine to show.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
dpkg-deb -R "$1"/iops-limitd_*.deb "$work"

fail() {
  printf '%s\n' "$*"
  exit 1
}

profile=$work/etc/apparmor.d/iops-limitd
apparmor_parser --skip-kernel-load --skip-cache --stdout --warn=all --Werror \
  --kernel-features /etc/apparmor.d/abi/3.0 "$profile" >"$work/compiled" || fail "the profile does not compile"
[ -s "$work/compiled" ] || fail "the profile compiles to nothing"
names=$(apparmor_parser --names "$profile")
[ "$names" = iops-limitd ] || fail "expected the profile iops-limitd alone, found $names"
grep -qx /etc/apparmor.d/iops-limitd "$work/DEBIAN/conffiles" || fail "the profile is not a conffile"
unit=$(find "$work" -name iops-limitd.service)
grep -qx 'AppArmorProfile=-iops-limitd' "$unit" || fail "the unit does not ask for the profile"
order=$(grep -oE 'apparmor_parser|deb-systemd-invoke' "$work/DEBIAN/postinst" | paste -sd ' ')
[ "$order" = "apparmor_parser deb-systemd-invoke" ] || fail "expected the profile to be loaded, then a restart, found: $order"
