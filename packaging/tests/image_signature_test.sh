#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# image_signature_test.sh FOLDER: the image of the programs in FOLDER, signed into a registry on the loopback device and taken
# from there by the commands of docs/kubernetes.md; one without a signature and one with another key's are refused.
set -euo pipefail
deb=$(readlink -f "$1"/iops-limitd_*.deb)
# shellcheck source=packaging/tests/signing.sh
. "$(dirname "$0")/signing.sh"
cd "$work"

# documented NUMBER: that block below "Sign the image", for the registry and the folders of this test.
documented() {
  awk -v number="$1" '
    /^## / { inside = ($0 == "## Sign the image") }
    inside && /^```/ { code = !code; if (code) block++; next }
    inside && code && block == number' "$source/docs/kubernetes.md" |
    sed -e "s,registry.example.org,$registry,g" -e "s,https://packages.example.org/signatures,file://$work/signatures,g" \
      -e "s,/srv/signatures,$work/signatures,g" -e "s,/etc/containers/,$work/,g" -e "s,dir:/tmp/,dir:$work/,g"
}

# The registry has no certificate here.
skopeo() {
  local option=()
  case $* in *\ docker-archive:*) option=(--dest-tls-verify=false) ;; *) option=(--src-tls-verify=false) ;; esac
  command skopeo --registries.d "$work/registries.d" --policy "$work/policy.json" copy "${option[@]}" "${@:2}" >skopeo.log 2>&1
}

take() {
  rm -rf "$work/iops-limitd"
  eval "$(documented 4)"
}

refused() {
  if take; then fail "$1: accepted"; fi
  grep -q "rejected" skopeo.log || fail "$1: expected that it is rejected, found: $(cat skopeo.log)"
}

dpkg-deb -x "$deb" tree
mkdir programs registries.d
mv -t programs tree/usr/sbin/iops-limitd tree/usr/bin/iopsctl
/usr/bin/python3 "$source/packaging/container/build_image.py" --programs=programs "--cache=$work" \
  "--output=$work/iops-limitd-image.tar" >image.log

# Not installed: its package would start it as a service.
apt-get download -q docker-registry >download.log 2>&1 || fail "$(cat download.log)"
dpkg-deb -x docker-registry_*.deb .
cat >registry.yaml <<END
version: 0.1
storage: {filesystem: {rootdirectory: $work/registry}}
http: {addr: "127.0.0.1:0"}
END
coproc ./usr/bin/docker-registry serve registry.yaml 2>&1
server=$COPROC_PID
registry=
while [ -z "$registry" ] && read -r line <&"${COPROC[0]}"; do
  [[ ! $line =~ listening\ on\ 127.0.0.1:([0-9]+) ]] || registry=localhost:${BASH_REMATCH[1]}
done
[ -n "$registry" ] || fail "the registry does not listen"
exec {rest}<&"${COPROC[0]}"  # a job has no other way to what the registry says later
cat <&"$rest" >registry.log &

new_key images@example.org
new_key other@example.org
documented 1 >registries.d/iops-limitd.yaml
documented 3 >policy.json
sign=$(documented 2)

# shellcheck disable=SC2001
eval "$(sed 's/--sign-by [^ ]*//' <<<"$sign")" || fail "$(cat skopeo.log)"
refused "without a signature"
eval "${sign/--sign-by images/--sign-by other}" || fail "$(cat skopeo.log)"
refused "another key"
eval "$sign" || fail "$(cat skopeo.log)"
take || fail "$(cat skopeo.log)"
[ -s iops-limitd/manifest.json ] || fail "no image was taken"
# It is the one that was built: the registry's layers are compressed, the configuration is as it was.
config=$(tar -xOf iops-limitd-image.tar manifest.json | grep -oE '[0-9a-f]{64}\.json')
[ -e "iops-limitd/${config%.json}" ] || fail "another image: $(ls iops-limitd)"
