#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# repository_apt_test.sh FOLDER: an apt repository of the package in FOLDER, served on the loopback device; the commands of
# docs/install.md install, upgrade and downgrade in a root of its own, and what is not signed by the key is refused. The
# root's dpkg knows what the package depends on as installed; scripts of the package run without chroot, as in mmdebstrap.
set -euo pipefail
folder=$(readlink -f "$1")
# shellcheck source=packaging/tests/repository.sh
. "$(dirname "$0")/repository.sh"
heading="From a repository"

# The commands of the documents run these. apt reads no configuration of this machine.
apt() { APT_CONFIG=$root/apt.conf command apt -q "$@" 2>&1; }
installed() { dpkg-query --admindir "$root/var/lib/dpkg" -W -f '${Version}' iops-limitd; }
expect_version() { [ "$(installed)" = "$1" ] || fail "$2: expected version $1, found $(installed)"; }

# shellcheck disable=SC2016  # dpkg-query expands these
status_format='Package: ${Package}\nStatus: install ok installed\nVersion: ${Version}\nArchitecture: ${Architecture}
Maintainer: nobody\nDescription: x\n\n'

# make_root: with neither the package nor the repository.
make_root() {
  local name dpkg=$root/var/lib/dpkg
  rm -rf "$root"
  mkdir -p "$root"/etc/apt/{apt.conf.d,preferences.d,sources.list.d,trusted.gpg.d} "$dpkg"/{info,updates,triggers} \
    "$root"/var/{cache/apt,lib/apt/lists,log/apt}
  cat >"$root/apt.conf" <<END
Dir "$root";
Dir::State::status "$dpkg/status";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
APT::Get::Assume-Yes "true";
Dpkg::Options { "--root=$root"; "--force-script-chrootless"; "--log=$root/var/log/dpkg.log"; };
END
  for name in $(dpkg-deb -f "$deb" Depends | sed 's/([^)]*)//g; s/|[^,]*//g; s/,/ /g'); do
    dpkg-query -W -f "$status_format" "$name"
    touch "$dpkg/info/$name.list"
  done >"$dpkg/status"
}

deb=$(echo "$folder"/iops-limitd_*.deb)
first=$(dpkg-deb -f "$deb" Version) later=$first+later
dists=$site/apt/dists/$suite
new_key owner@example.org
new_key other@example.org
later_deb "$deb" "$later" "$work/later"
cp "$folder"/iops-limitd-[0-9]*.rpm "$work/later"
serve
publish owner@example.org "$folder"

# What apt takes from it, without apt.
gpg --batch --export owner@example.org >"$work/owner.gpg"
verify() { gpgv -q --keyring "$work/owner.gpg" "$@" 2>"$work/gpgv.log" || fail "$1: $(cat "$work/gpgv.log")"; }
verify "$dists/InRelease"
verify "$dists/Release.gpg" "$dists/Release"
bill=$site/apt/pool/$suite/$(basename "$deb").spdx.json
verify "$bill.asc" "$bill"
grep -q '^Acquire-By-Hash: yes$' "$dists/InRelease" || fail "no Acquire-By-Hash"

make_root
run_documented "$heading" 2 >"$work/install.log" || fail "$(cat "$work/install.log")"
expect_version "$first" install
[ -x "$root/usr/sbin/iops-limitd" ] || fail "no daemon"
[ ! -e "$root/etc/systemd" ] || fail "installed and enabled: $(find "$root/etc/systemd")"
grep -q "/by-hash/SHA" "$work/http.log" || fail "apt asked for no index by its hash"

publish owner@example.org "$work/later"
run_documented "$heading" 3 >"$work/upgrade.log" || fail "$(cat "$work/upgrade.log")"
grep -q "Unpacking iops-limitd ($later)" "$work/upgrade.log" || fail "no upgrade: $(cat "$work/upgrade.log")"
grep -q "Unpacking iops-limitd ($first) over ($later)" "$work/upgrade.log" || fail "no downgrade: $(cat "$work/upgrade.log")"
expect_version "$first" downgrade

# Another key, with what is there from before, and without.
cp -r "$dists" "$work/good"
publish other@example.org "$work/later"
apt update >"$work/update.log" || true
grep -q NO_PUBKEY "$work/update.log" || fail "another key: $(cat "$work/update.log")"
cp "$root/etc/apt/sources.list.d/iops-limitd.sources" "$work/sources"
make_root
cp "$work/sources" "$root/etc/apt/sources.list.d/iops-limitd.sources"
refused "another key" "is not signed" apt update
refused "another key" "unable to locate" apt install iops-limitd

# An index that is not the signed one.
rm -r "$dists"
cp -r "$work/good" "$dists"
find "$dists/main" -type f | while read -r file; do damage "$file"; done
refused "a changed index" "hash sum mismatch" apt update

# A package that is not the one of the index.
rm -r "$dists"
cp -r "$work/good" "$dists"
apt update >"$work/update.log" || fail "the good index again: $(cat "$work/update.log")"
damage "$site/apt/pool/$suite/$(basename "$deb")"
refused "a changed package" "hash sum mismatch" apt install "iops-limitd=$first"
