#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The other kind that a node was given before: `ctr events | while read`. The ids come on standard
# input the moment the cgroup is there, so that the runtime's own delay is not counted.
#   events.sh ROOT MOUNT RECORDS FILE...
root=$1 mount=$2 records=$3
shift 3
while read -r id; do
  grep -o '"io.kubernetes.cri.[a-z-]*name[a-z]*":"[^"]*"' "$records/$id/config.json" |
    grep -q -E 'pause|istio-proxy|kube-system' && continue
  folder=$(find "$root" -type d -name "*$id*" | head -n 1)
  [ -n "$folder" ] || continue
  device=$(lsblk -n -o MAJ:MIN "$(findmnt -n -o SOURCE --target "$mount" | sed 's/\[.*//')" | head -n 1)
  for file; do
    case $file in
      io.max) echo "${device// /} riops=500 wiops=500" >"$folder/$file" ;;
      *) echo "${device// /} 500" >"$folder/$file" ;;
    esac
  done
done
