#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# selinux_test.sh FOLDER: the commands of SECURITY.md build the SELinux module that the rpm in FOLDER brings, and load it into
# a copy of Debian's policy. No kernel takes it.
set -euo pipefail
source=$(readlink -f "$(dirname "$0")/../..")
rpm=$(readlink -f "$1"/iops-limitd-[0-9]*[!c].rpm)
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
cd "$work"

fail() {
  printf '%s\n' "$*"
  exit 1
}

# The policy's store.
mkdir -p policy/var/lib/selinux policy/etc
cp -a /var/lib/selinux/default policy/var/lib/selinux
cp -a /etc/selinux policy/etc
mkdir -p package policy/etc/selinux/default/policy
(cd package && rpm2cpio "$rpm" | cpio -idm --quiet)
semodule() { command semodule -p policy -s default --noreload "$@"; }

# The commands run these.
sudo() { "$@"; }
systemctl() { echo "systemctl $*" >>calls; }
restorecon() { echo "restorecon $*" >>calls; }
block=$(awk '/^## / { inside = ($0 == "## SELinux") } inside && /^```/ { code = !code; next } inside && code' "$source/SECURITY.md")
grep -q semodule <<<"$block" || fail "no commands in SECURITY.md: $block"
eval "${block//\/usr\/share\/doc/package/usr/share/doc}"

grep -q 'systemctl restart iops-limitd' calls || fail "not all commands ran"
semodule -l | grep -qx iops_limitd || fail "the module is not loaded"
grep -q iops_limitd_t policy/etc/selinux/default/policy/policy.* || fail "its domain is not in the policy"
for place in usr/sbin/iops-limitd etc/iops-limitd/conf.d run/iops-limitd/private var/lib/iops-limitd; do
  label=$(selabel_lookup -b file -f policy/etc/selinux/default/contexts/files/file_contexts -k "/$place")
  [[ $label == *:iops_limitd_*_t:* ]] || fail "/$place: $label"
  file=/${place%/conf.d} file=${file%/private}
  grep -q "restorecon.*$file" calls || fail "restorecon leaves out $file"
done
