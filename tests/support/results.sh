#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The results of `./dev test`: a line for each, and the counts at the end. ./dev sources this file.

passed=0 failed=0 skipped=0 finished=no

# result NAME COMMAND...: one check, passed when the command succeeds; its output is shown when it does not.
result() {
  local name=$1 out
  shift
  if out=$("$@" 2>&1); then
    passed=$((passed + 1))
    echo "PASS  $name"
  else
    failed=$((failed + 1))
    printf 'FAIL  %s\n      | %s\n' "$name" "${out//$'\n'/$'\n'      | }"
  fi
}

# outcome STATUS LOG: for a result whose command already ran.
outcome() {
  cat "$2"
  return "$1"
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
