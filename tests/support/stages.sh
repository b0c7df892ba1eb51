#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# How far `./dev test` is. ./dev sources this file; `started` there is the Unix time in seconds, with a fraction.

# What a stage takes, in seconds: when it last ended here, as noted in build/stage-seconds; else on 2 cores from a clean
# clone. A stage that is in neither counts as a minute.
stage_seconds=build/stage-seconds
declare -A usual=(
  ["compiling (debug)"]=420 ["compiling (fuzz)"]=60 ["compiling (valgrind)"]=420 ["formatting and lint"]=100
  ["unit tests"]=300 ["unit tests under valgrind"]=600 [packages]=360 ["system tests"]=1500 ["system tests --all"]=5400)
declare -A measured=()
stages=() stage_number=0 stage_began=0

# plan_stages NAME...: the stages to come, in their order.
plan_stages() {
  local seconds name
  stages=("$@")
  [ ! -e "$stage_seconds" ] || while read -r seconds name; do measured[$name]=$seconds; done <"$stage_seconds"
}

# Notes how long the present stage took.
end_stage() {
  [ "$stage_number" -gt 0 ] || return 0
  local name
  measured[${stages[stage_number - 1]}]=$((EPOCHSECONDS - stage_began))
  for name in "${!measured[@]}"; do echo "${measured[$name]} $name"; done >"$stage_seconds"
}

# stage NAME: ends the present stage and begins the next, with a line such as
# [3/6] packages (after 7 min, about 20 min left). One that is not the next of the plan gets a line without numbers.
stage() {
  if [ "${stages[stage_number]:-}" != "$1" ]; then say "$1"; return; fi
  end_stage
  local name left=0
  for name in "${stages[@]:stage_number}"; do left=$((left + ${measured[$name]:-${usual[$name]:-60}})); done
  stage_number=$((stage_number + 1)) stage_began=$EPOCHSECONDS
  # shellcheck disable=SC2154
  printf '[%d/%d] %s (after %d min, about %d min left)\n' "$stage_number" ${#stages[@]} "$1" \
    $(((EPOCHSECONDS - ${started%.*}) / 60)) $(((left + 59) / 60))
}

# What each stage of the plan took: "packages 7 min, unit tests 2 min".
durations() {
  local name text=
  for name in "${stages[@]:0:stage_number}"; do text+="${text:+, }$name $(((${measured[$name]:-0} + 30) / 60)) min"; done
  echo "$text"
}
