#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# reproducible_test.sh FOLDER: built again in another place, time zone, language and umask, the packages in FOLDER come out
# the same to the byte, and so do the image that is made of each build's programs and their bills of materials. Of the rpms
# it is the files: rpmbuild writes the folder that it worked in into their headers, and the binary rpm's bill has its hash.
set -euo pipefail
first=$(readlink -f "$1")
here=$(readlink -f "$(dirname "$0")")
work=$(mktemp -d)
again=$work/another-place
trap 'rm -r "$work"' EXIT

# make_image PACKAGES FOLDER: with nothing from a cache.
make_image() {
  mkdir -p "$2/programs"
  dpkg-deb -x "$1"/iops-limitd_*.deb "$2/tree"
  mv -t "$2/programs" "$2"/tree/usr/{sbin/iops-limitd,bin/iopsctl}
  /usr/bin/python3 "$here/../container/build_image.py" "--programs=$2/programs" "--cache=$2" "--output=$2/image.tar"
}

elsewhere=(env TZ=Asia/Kathmandu LC_ALL=C)
umask 027
"${elsewhere[@]}" "$here/../build-deb" "$again"
"${elsewhere[@]}" "$here/../build-rpm" "$again"
compared=0
for file in "$first"/iops-limitd_*.{deb,tar.xz,dsc,spdx.json} "$first"/iops-limitd-dbgsym_*.deb "$first"/iops-limitd-[0-9]*.rpm; do
  case $file in
    *.rpm) cmp <(rpm2cpio "$file") <(rpm2cpio "$again/${file##*/}") ;;
    *) cmp "$file" "$again/${file##*/}" ;;
  esac
  compared=$((compared + 1))
done
[ "$compared" -eq 7 ] || { echo "expected to compare 7 files, found $compared"; exit 1; }

(umask 022 && make_image "$first" "$work/one")
export -f make_image
here=$here "${elsewhere[@]}" bash -euc 'make_image "$@"' bash "$again" "$work/two"
cmp "$work"/{one,two}/image.tar
cmp "$work"/{one,two}/image.tar.spdx.json
