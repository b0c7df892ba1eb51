#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The stages of `./dev test`: their lines, and the durations that are kept. Usage: stages_test.sh SOURCE_FOLDER
set -eu
cd "$(mktemp -d)"
trap 'rm -r "$PWD"' EXIT
mkdir build
. "$1/tests/support/stages.sh"
say() { echo "said: $*"; }

expect() {
  [ "$1" = "$2" ] && return
  printf 'expected: %s\nfound: %s\n' "$1" "$2"
  exit 1
}

started=$((EPOCHSECONDS - 125)).75
echo "30 unknown before" >build/stage-seconds
plan_stages packages "unknown before" "system tests"
stage packages >out
expect "[1/3] packages (after 2 min, about 32 min left)" "$(cat out)"  # 360 s + 30 s + 1500 s
stage "installing something" >out
expect "said: installing something" "$(cat out)"
stage_began=$((stage_began - 200))
stage "unknown before" >out
expect "[2/3] unknown before (after 2 min, about 26 min left)" "$(cat out)"
expect "20" "$(sed -n 's/^\(20\).* packages$/\1/p' build/stage-seconds)"  # 200 s, or a little more
stage "system tests" >out
expect "[3/3] system tests (after 2 min, about 25 min left)" "$(cat out)"
end_stage
expect "packages system tests unknown before " "$(cut -d ' ' -f 2- build/stage-seconds | sort | tr '\n' ' ')"
expect "packages 3 min, unknown before 0 min, system tests 0 min" "$(durations)"
