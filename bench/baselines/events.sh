#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The other kind that a node was given before: `ctr events | while read`. The ids come on standard
# input the moment the cgroup is there, so that the runtime's own delay is not counted.
#   events.sh ROOT MOUNT RECORDS FILE...
# shellcheck source=bench/baselines/limit.sh
. "${BASH_SOURCE%/*}/limit.sh"
while read -r id; do limit "$id"; done
