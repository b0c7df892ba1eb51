#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A custom plugin of node-problem-detector: reads the metrics that iops-limitd writes ([service] metrics).
# check-iops-limitd.sh mount-unlimited|limit-not-taken|total-too-small [FILE]
# Exits with 0: no problem, 1: a problem, with a line about it, 2: not known. Needs nothing but sh and date.
set -u
problem=${1:-}
file=${2:-/run/iops-limitd/iops-limitd.prom}

unknown() {
  printf '%s\n' "$1"
  exit 2
}

case $problem in
  mount-unlimited) metric='iopslimit_mount_state{*state="limited"}' says="nothing is limited on" ;;
  limit-not-taken) metric='iopslimit_containers{state="failed"}' says="containers without the limit that they should have:" ;;
  total-too-small) metric='iopslimit_cut_iops{*}' says="the total is too small, IOPS that containers lack on" ;;
  *) unknown "usage: check-iops-limitd.sh mount-unlimited|limit-not-taken|total-too-small [FILE]" ;;
esac
[ -r "$file" ] || unknown "iops-limitd writes no metrics to $file"

found="" written=0
while read -r line; do
  value=${line##* } labels=${line% *}
  # shellcheck disable=SC2254  # $metric is a pattern
  case $labels in
    iopslimit_written_timestamp_seconds) written=${value%.*} ;;
    $metric)
      mount=${labels#*mount=\"} mount=${mount%%\"*}
      case $problem:$value in
        mount-unlimited:0) found="$found $mount" ;;
        mount-unlimited:* | *:0) ;;
        limit-not-taken:*) found=" $value" ;;
        *) found="$found $mount: $value" ;;
      esac
      ;;
  esac
done <"$file"
[ $(($(date +%s) - written)) -le 120 ] || unknown "iops-limitd has not written $file for two minutes"
[ -n "$found" ] || exit 0
printf '%s\n' "$says$found"
exit 1
