#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What both scripts do for a container. Sourced with their arguments: ROOT MOUNT RECORDS FILE...
root=$1 mount=$2 records=$3
files=("${@:4}")

limit() {
  local id=$1 folder device file
  grep -o '"io.kubernetes.cri.[a-z-]*name[a-z]*":"[^"]*"' "$records/$id/config.json" |
    grep -q -E 'pause|istio-proxy|kube-system' && return
  folder=$(find "$root" -type d -name "*$id*" | head -n 1)
  [ -n "$folder" ] || return
  device=$(lsblk -n -o MAJ:MIN "$(findmnt -n -o SOURCE --target "$mount" | sed 's/\[.*//')" | head -n 1)
  for file in "${files[@]}"; do
    case $file in
      io.max) echo "${device// /} riops=500 wiops=500" >"$folder/$file" ;;
      *) echo "${device// /} 500" >"$folder/$file" ;;
    esac
  done
}
