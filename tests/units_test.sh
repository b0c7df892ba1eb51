#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The unit, the message catalog and the man pages, as the tools that read them do. Usage: units_test.sh SOURCE_FOLDER UNIT
set -u
source=${1:?} built=${2:?}
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
failures=0

fail() {
  printf '%s\n' "$*"
  failures=$((failures + 1))
}

unit=$folder/etc/systemd/system/iops-limitd.service
mkdir -p "${unit%/*}" "$folder/sbin" "$folder/bin"
cp "$built" "$unit"

# Every program that the unit names is there, so that only the unit itself can be wrong.
cp /bin/true "$folder/sbin/iops-limitd"
sed -i "s|=/.*/iops-limitd\b|=$folder/sbin/iops-limitd|" "$unit"
out=$(systemd-analyze verify --man=no --recursive-errors=no "$unit" 2>&1) || fail "systemd-analyze verify failed"
[ -z "$out" ] || fail "systemd-analyze verify says: $out"

# --threshold is in tenths: 15 is the 1.5 that was promised. (systemd 252 prints one decimal, rounded.)
score=$(systemd-analyze security --offline=true --threshold=15 --no-pager "$built" 2>&1) ||
  fail "systemd-analyze security: $(tail -n 1 <<<"$score")"

# A system call that is not allowed must fail, not kill the service; the service must not wait for the CPU; and what it
# remembers must stay.
for line in SystemCallErrorNumber=EPERM CPUWeight=1000 Nice=-10 RuntimeDirectoryPreserve=yes StateDirectory=iops-limitd; do
  grep -qx "$line" "$built" || fail "the unit has no $line"
done

# It must run before whatever starts containers.
for name in kubelet containerd crio docker k3s k3s-agent rke2-server rke2-agent k0scontroller k0sworker \
            snap.microk8s.daemon-containerd; do
  grep -q "^Before=\(.* \)\?$name\.service\( .*\)\?\$" "$built" || fail "the unit does not start before $name.service"
done

# A message ID that is sent is explained, and one that is explained is sent.
catalog=$source/conf/iops-limitd.catalog
sent=$(grep -oE '"[0-9a-f]{32}"' "$source/src/report/journal.cpp" | tr -d '"' | sort)
explained=$(sed -n 's/^-- \([0-9a-f]\{32\}\)$/\1/p' "$catalog" | sort)
[ -n "$sent" ] || fail "no message ID in src/report/journal.cpp"
[ "$sent" = "$explained" ] || fail "sent and explained message IDs differ: $(diff <(echo "$sent") <(echo "$explained"))"
[ "$(uniq -d <<<"$sent")" = "" ] || fail "a message ID is used twice"

# The man page names every ACTION that a line can have, in the same order.
actions=$(sed -n 's/^ *{Action::[a-z_]*, "\([a-z_]*\)", "[0-9a-f]*"},$/\1/p' "$source/src/report/journal.cpp" | paste -sd ' ')
named=$(tr '\n' ' ' <"$source/man/iops-limitd.8" | sed -n 's/.*is one of \([a-z_, ]*\)[.;].*/\1/p' | sed 's/,\| and//g')
[ "$actions" = "$named" ] || fail "the man page has these for ACTION: $named; sent are: $actions"

mkdir -p "$folder/usr/lib/systemd/catalog" "$folder/var/lib/systemd/catalog"
cp "$catalog" "$folder/usr/lib/systemd/catalog/"
journalctl --update-catalog --root="$folder" || fail "journalctl --update-catalog failed"
listed=$(journalctl --list-catalog --root="$folder" | cut -d ' ' -f 1 | sort)
[ "$listed" = "$sent" ] || fail "journalctl lists other messages: $listed"

for page in "$source"/man/*.[1-8]; do
  out=$(groff -man -ww -z -Tutf8 "$page" 2>&1)
  [ -z "$out" ] || fail "groff says of $page: $out"
done

[ "$failures" -eq 0 ]
