#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# rpm_root_test.sh FOLDER: the rpm in FOLDER, installed into a root of its own with rpm's own database, upgraded and erased.
# The root holds a shell and a systemctl and an iopsctl that note how they were called, so the scriptlets really run.
set -euo pipefail
package=$(readlink -f "$1"/iops-limitd-[0-9]*[!c].rpm)
root=$(mktemp -d)
trap 'rm -r "$root"' EXIT
conf=$root/etc/iops-limitd/iops-limitd.conf

fail() {
  printf '%s\n' "$*"
  exit 1
}

# Debian's rpm says on each call that alien is the way to install an rpm.
in_root() { rpm --root "$root" --define '_dbpath /var/lib/rpm' "$@" 2> >(grep -v -e 'Alien' -e 'knowing what' >&2); }

# expect_calls WHAT CALL...: exactly these were made since the last time.
expect_calls() {
  local what=$1 expected
  shift
  expected=$(printf '%s\n' "$@")
  [ "$(cat "$root/calls")" = "$expected" ] || fail "$what: expected the calls
$expected
found
$(cat "$root/calls")"
  : >"$root/calls"
}

everything() { find "$root" -not -path "$root/var/lib/rpm*" -printf '%P %M\n' | sort; }

mkdir -p "$root"/{bin,run/systemd/system,etc,usr/{bin,sbin},var/{lib/rpm,tmp},usr/lib/systemd/{catalog,system}}
# Folders of the base system and of other packages.
mkdir -p "$root"/usr/share/{bash-completion/completions,dbus-1/system.d,doc,licenses,man/man{1,5,8},polkit-1/actions}
cp /bin/busybox "$root/bin/busybox"
for applet in sh rm; do ln -s busybox "$root/bin/$applet"; done
printf '#!/bin/sh\necho "systemctl $*" >>/calls\n' >"$root/usr/bin/systemctl"
# Before the package's own in the path of scriptlets; it must still be there when it is called.
printf '#!/bin/sh\n[ -e /usr/bin/iopsctl ] && echo "iopsctl $*" >>/calls\n' >"$root/bin/iopsctl"
chmod +x "$root/usr/bin/systemctl" "$root/bin/iopsctl"
: >"$root/calls"
in_root --initdb
before=$(everything)

requires=$(rpm -qp --requires "$package")
for need in libsystemd.so.0 libudev.so.1 libinih.so libnghttp2.so.14 libprometheus-cpp-core.so libsimdjson.so libsmartcols.so.1 libstdc++.so.6 systemd; do
  grep -q "^$need" <<<"$requires" || fail "no dependency on $need: $requires"
done

# Nothing that it depends on is in the root.
in_root -i --nodeps "$package"
expect_calls install "systemctl --no-reload preset iops-limitd.service"
in_root -V --nodeps iops-limitd || fail "rpm -V finds changed files"
[ "$(in_root -qc iops-limitd)" = /etc/iops-limitd/iops-limitd.conf ] || fail "configuration: $(in_root -qc iops-limitd)"
[ -x "$root/usr/sbin/iops-limitd" ] || fail "no daemon"

mkdir -p "$root/run/iops-limitd" "$root/var/lib/iops-limitd"
echo "+ 259:0 /kubepods.slice" >"$root/run/iops-limitd/rules"
echo "# edited" >>"$conf"
in_root -U --nodeps --replacepkgs --replacefiles "$package"
expect_calls upgrade "systemctl daemon-reload" "systemctl try-restart iops-limitd.service"
grep -q '^# edited$' "$conf" || fail "an upgrade lost the edited configuration"
[ -e "$root/run/iops-limitd/rules" ] || fail "an upgrade lost the note of what is ours"

in_root -e --nodeps iops-limitd
expect_calls erase "systemctl --no-reload disable --now iops-limitd.service" "iopsctl clear"
grep -q '^# edited$' "$conf.rpmsave" || fail "the edited configuration was not saved"
rm -r "$root/etc/iops-limitd"
after=$(everything)
[ "$before" = "$after" ] || fail "erasing left something: $(diff <(echo "$before") <(echo "$after"))"
