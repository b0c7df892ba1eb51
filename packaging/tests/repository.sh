#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the tests of the repositories share: a web server, the commands of docs/install.md.
# shellcheck source=packaging/tests/signing.sh
. "$(dirname "${BASH_SOURCE[0]}")/signing.sh"
root=$work/root site=$work/site
export no_proxy=127.0.0.1

# refused WHAT WORDS COMMAND...: the command fails and says WORDS.
refused() {
  local what=$1 words=$2 out
  shift 2
  if out=$("$@" 2>&1); then fail "$what: accepted: $out"; fi
  grep -qi "$words" <<<"$out" || fail "$what: expected '$words', found: $out"
}

# damage FILE: changes one of its bytes.
damage() { printf '\377' | dd of="$1" bs=1 seek=10 conv=notrunc status=none; }

# Serves $site, and sets $url.
serve() {
  local words
  mkdir -p "$site"
  coproc python3 -u -m http.server --bind 127.0.0.1 --directory "$site" 0 2>"$work/http.log"
  server=$COPROC_PID
  read -r -a words <&"${COPROC[0]}"  # Serving HTTP on 127.0.0.1 port 12345 ...
  url=http://127.0.0.1:${words[5]}
}

# publish KEY FOLDER [RPM...]: a repository in $site of the packages in FOLDER. Each is newer than the one before for those
# who ask by the date of a file, to the second.
published=0
publish() {
  local key=$1 folder=$2
  shift 2
  "$source/packaging/build-repository" "$folder" "$site" "$key" "$url" "$@"
  published=$((published + 1))
  find "$site" -type f -exec touch -d "@$((EPOCHSECONDS + published))" {} +
}

# later_deb DEB VERSION FOLDER: makes the same package as a later VERSION in FOLDER.
later_deb() {
  local tree=$work/later-tree
  rm -rf "$tree"
  dpkg-deb -R "$1" "$tree"
  sed -i "s/^Version: .*/Version: $2/" "$tree/DEBIAN/control"
  mkdir -p "$3"
  dpkg-deb -Znone -b "$tree" "$3/iops-limitd_$2_$(dpkg --print-architecture).deb" >"$work/later.log"
}

# documented HEADING NUMBER: the commands of the block below this heading of docs/install.md, for $url and $root.
documented() {
  awk -v heading="$1" -v number="$2" '
    /^## / { inside = ($0 == "## " heading) }
    inside && /^```/ { fence++; next }
    inside && fence == 2 * number - 1' "$source/docs/install.md" |
    sed -e "s,https://packages.example.org,$url,; s, /etc/, $root/etc/,; s,/el9/,/debian/,; s,/bookworm/,/$suite/," |
    tee "$work/commands"
  [ -s "$work/commands" ] || fail "docs/install.md has no commands at '$1', $2" >&2
}

# run_documented HEADING NUMBER: in a shell of its own, with the caller's functions for apt and dnf.
run_documented() {
  local commands
  commands=$(documented "$@")
  # shellcheck disable=SC2317
  (set -eu; sudo() { "$@"; }; eval "$commands")
}
suite=$(sed -n s/^VERSION_CODENAME=//p /etc/os-release)
