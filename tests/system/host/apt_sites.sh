#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# apt_sites.sh PACKAGES FOLDER URL: what a web server has at URL, three times, as folders of FOLDER: `first`, an apt
# repository of the Debian package in PACKAGES; `later`, with the version after it; `other`, signed by another key.
set -euo pipefail
packages=$1 folder=$2 url=$3
# shellcheck source=packaging/tests/repository.sh
. "$(dirname "$(readlink -f "$0")")/../../../packaging/tests/repository.sh"
deb=$(echo "$packages"/iops-limitd_*.deb)
later=$(dpkg-deb -f "$deb" Version)+later

# add NAME KEY PACKAGES: adds to what is there. The machine has no dnf.
add() {
  "$source/packaging/build-repository" "$3" "$folder/$1" "$2" "$url" "$packages"/iops-limitd-[0-9]*.rpm
  rm -r "$folder/$1/rpm"
}

rm -rf "$folder"
mkdir -p "$folder"
later_deb "$deb" "$later" "$work/later"
new_key owner@example.org
new_key other@example.org
add first owner@example.org "$packages"
cp -r "$folder/first" "$folder/later"
add later owner@example.org "$work/later"
add other other@example.org "$work/later"
