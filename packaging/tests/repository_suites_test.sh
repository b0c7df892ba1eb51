#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# repository_suites_test.sh FOLDER: an apt repository of the packages in FOLDER, served on the loopback device; in a chroot of
# each suite the commands of docs/install.md install the package with all that it depends on, and apt refuses another key.
set -euo pipefail
folder=$(readlink -f "$1")
# shellcheck source=packaging/tests/repository.sh
. "$(dirname "$0")/repository.sh"

new_key owner@example.org
new_key other@example.org
serve
publish owner@example.org "$folder"
"$source/packaging/build-repository" "$folder" "$site/other" other@example.org "$url/other"
root=""
for folder in "$site/apt/dists"/*; do
  suite=$(basename "$folder")
  cat >"$work/script" <<END
set -ex
echo 'Acquire::http::Proxy::127.0.0.1 "DIRECT";' >/etc/apt/apt.conf.d/99loopback
sudo() { "\$@"; }
apt() { command apt-get -y "\$@"; }
$(documented "From a repository" 2)
iops-limitd --check-config
[ -z "\$(find /etc/systemd -name 'iops-limitd*')" ]
sed -i 's,^\(URIs: .*\)/apt$,\1/other/apt,' /etc/apt/sources.list.d/iops-limitd.sources
if apt update >/refused 2>&1; then exit 1; fi
grep 'other/apt $suite InRelease.* is not signed' /refused
END
  python3 -c '
import sys
sys.path.insert(0, sys.argv[1])
import suite_chroot
sys.exit(suite_chroot.run(sys.argv[2], ["ca-certificates", "curl"], open(sys.argv[3]).read()))
' "$source/packaging" "$suite" "$work/script" >"$work/chroot.log" 2>&1 || fail "$suite: $(tail -n 40 "$work/chroot.log")"
done
