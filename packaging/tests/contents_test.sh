#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# contents_test.sh FOLDER: both packages in FOLDER hold what `cmake --install` installs, all of it and nothing else, apart
# from each distribution's place for documentation, and from Debian's AppArmor profile.
set -euo pipefail
source=$(readlink -f "$(dirname "$0")/../..")
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT

# Names only: one place for what distributions put elsewhere.
as_one() {
  sed -e 's,^\./,/,' -e 's,^/lib/,/usr/lib/,' -e 's,/zsh/[a-z]*-[a-z]*/,/zsh/,' -e 's,\(/man/.*\)\.gz$,\1,' |
    grep -v -e '^/usr/share/doc/' -e '^/usr/share/licenses/' -e '/$' -e '^/etc/iops-limitd/conf.d$' -e '^/etc/apparmor.d/' | sort
}

# The install rules name every file: no build is needed to know them.
grep -E '^install\(' "$source/CMakeLists.txt" | grep -oE '(TARGETS|FILES) [^ ]+' | sed -e 's,.*[ /],,' | sort >"$work/rules"
dpkg-deb --fsys-tarfile "$1"/iops-limitd_*.deb | tar -t | as_one >"$work/deb"
rpm -qp --qf '[%{FILEMODES:perms} %{FILENAMES}\n]' "$1"/iops-limitd-[0-9]*[!c].rpm | sed -n 's/^-[^ ]* //p' | as_one >"$work/rpm"

diff -u "$work/deb" "$work/rpm" || { echo "the packages' files differ"; exit 1; }
sed 's,.*/,,' "$work/deb" | sort | diff -u "$work/rules" - || { echo "not what CMakeLists.txt installs"; exit 1; }
for folder in "$(dpkg-deb -c "$1"/iops-limitd_*.deb)" "$(rpm -qpl "$1"/iops-limitd-[0-9]*[!c].rpm)"; do
  grep -q '/etc/iops-limitd/conf.d/*$' <<<"$folder" || { echo "no /etc/iops-limitd/conf.d"; exit 1; }
done
