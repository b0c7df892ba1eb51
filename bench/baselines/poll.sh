#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a node was given before: every 30 seconds each container is looked up and its limit written.
#   poll.sh ROOT MOUNT RECORDS FILE...
# `ctr containers list` is the listing of the records' folder here: no runtime has to answer, so this is
# faster than the real one.
root=$1 mount=$2 records=$3
shift 3
limit() {
  local id=$1 folder device
  grep -o '"io.kubernetes.cri.[a-z-]*name[a-z]*":"[^"]*"' "$records/$id/config.json" |
    grep -q -E 'pause|istio-proxy|kube-system' && return
  folder=$(find "$root" -type d -name "*$id*" | head -n 1)
  [ -n "$folder" ] || return
  device=$(lsblk -n -o MAJ:MIN "$(findmnt -n -o SOURCE --target "$mount" | sed 's/\[.*//')" | head -n 1)
  for file; do
    case $file in
      io.max) echo "${device// /} riops=500 wiops=500" >"$folder/$file" ;;
      *) echo "${device// /} 500" >"$folder/$file" ;;
    esac
  done
}
while :; do
  for record in "$records"/*; do limit "${record##*/}" "$@"; done
  sleep 30
done
