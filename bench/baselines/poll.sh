#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a node was given before: every 30 seconds each container is looked up and its limit written.
#   poll.sh ROOT MOUNT RECORDS FILE...
# `ctr containers list` is the listing of the records' folder here: no runtime has to answer, so this is
# faster than the real one.
# shellcheck source=bench/baselines/limit.sh
. "${BASH_SOURCE%/*}/limit.sh"
while :; do
  for record in "$records"/*; do limit "${record##*/}"; done
  sleep 30
done
