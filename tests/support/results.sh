#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The results of `./dev test`: a line for each, and the counts at the end. ./dev sources this file.

passed=0 failed=0 skipped=0 finished=no

# conclude NAME STATUS SECONDS TEXT: one check that has ended; TEXT is shown when it failed.
conclude() {
  if [ "$2" -eq 0 ]; then
    passed=$((passed + 1))
    echo "PASS  $1  ($3 s)"
  else
    failed=$((failed + 1))
    printf 'FAIL  %s  (%s s)\n      | %s\n' "$1" "$3" "${4//$'\n'/$'\n'      | }"
  fi
}

# result NAME COMMAND...: runs one check, which passes when the command succeeds.
result() {
  local name=$1 began=$EPOCHSECONDS out status=0
  shift
  out=$("$@" 2>&1) || status=$?
  conclude "$name" "$status" $((EPOCHSECONDS - began)) "$out"
}

# record LOG COMMAND...: for a check that runs beside others. Its output goes to LOG, and how it ended to LOG.ended.
record() {
  local log=$1 began=$EPOCHSECONDS status=0
  shift
  "$@" >"$log" 2>&1 || status=$?
  echo "$status $((EPOCHSECONDS - began))" >"$log.ended"
}
export -f record

# result_of NAME LOG: the result of what was recorded.
result_of() {
  local status=1 seconds=0
  read -r status seconds <"$2.ended" || true
  conclude "$1" "$status" "$seconds" "$(cat "$2")"
}

add_counts() {
  local p=0 f=1 s=0
  read -r p f s <"$1" || true
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}

# The last words of `./dev test`, however it ends: what stopped it early counts as a failure.
close_with_counts() {
  if [ "$finished" = no ]; then
    failed=$((failed + 1))
    echo "FAIL  ./dev test stopped before its end, see above"
  fi
  say "done"
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ] || exit 1
}
