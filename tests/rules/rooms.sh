#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The room rule as a test: which folder may name what. Usage: rooms.sh SOURCE_FOLDER
set -u
cd "${1:?usage: rooms.sh SOURCE_FOLDER}" || exit 2
failures=0

# forbid FOLDER WHY PATTERN [EXCEPT_FILE]: no line of code below FOLDER matches (comments do not count).
forbid() {
  local hits
  hits=$(grep -rnE --include='*.cpp' --include='*.hpp' -- "$3" "$1" 2>/dev/null |
    grep -vE -- "//.*($3)" | grep -v "^${4:-/nowhere}:")
  [ -z "$hits" ] && return
  printf '%s: %s\n%s\n\n' "$1" "$2" "$hits"
  failures=$((failures + 1))
}

# at_most N FILE...: a file past its length is two nouns.
at_most() {
  local most=$1 file lines
  shift
  for file; do
    lines=$(wc -l <"$file")
    [ "$lines" -le "$most" ] && continue
    printf '%s: %s lines, at most %s\n' "$file" "$lines" "$most"
    failures=$((failures + 1))
  done
}

forbid src/core "core is pure: no libc surface, descriptor, clock or errno" \
  '#include <(unistd|fcntl|sys/|errno|cerrno|ctime|time|signal|csignal|dirent|systemd/|libudev|ini|iostream|fstream|filesystem|cstdio|cstdlib)'
forbid src/core "core knows no path of the system" '"/(sys|proc|run|etc|dev|var)/'
forbid src/core "only record reads JSON" 'simdjson|record_json\.hpp' '\(src/core/record.cpp\|src/core/record_[a-z]*.[ch]pp\)'
forbid src "only metrics name Prometheus' values" '#include <prometheus/' \
  '\(src/core/metrics.[ch]pp\|src/host/metrics_file.[ch]pp\)'
forbid src/core "core does not reach into host or the daemon" '#include "(host/|daemon|wiring)'
forbid src/host "host does not know who uses it" '#include "(daemon|metering|operating|wiring)'
forbid src/host "host does not decide: policy and plan belong to the daemon" '#include "core/(policy|plan)'
forbid src/daemon.cpp "the daemon takes values: no surface of the system" '#include "host/|#include <(unistd|fcntl|sys/|systemd/)|errno'
forbid src/daemon.hpp "the daemon takes values: no surface of the system" '#include "host/'
forbid src/core "core does not know the command" '#include "iopsctl/'
forbid src/host "host does not know the command" '#include "iopsctl/'
forbid src/iopsctl "the command is a client: it asks the service, or reads the kernel" '#include "(daemon|metering|operating|wiring)'
forbid src "no bucket files" '#include "(.*/)?(utils?|common|helpers?|types|manager)\.hpp"'
forbid src "one thread" '#include <(thread|mutex|atomic|future|condition_variable)>'
forbid src/host "inotify has one reader" '#include <sys/inotify.h>' '\(src/host/inotify.cpp\|src/host/cgroup_watch.cpp\|src/host/record_watch.cpp\|src/host/limit_watch.cpp\|src/host/heartbeat.cpp\)'

mapfile -t sources < <(find src tests -name '*.cpp' -o -name '*.hpp' | sort)
for file in "${sources[@]}"; do
  head -n 1 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' && continue
  printf '%s: no SPDX line\n' "$file"
  failures=$((failures + 1))
done
mapfile -t product < <(find src -name '*.cpp' -o -name '*.hpp' | sort)
at_most 350 "${product[@]}"
at_most 100 src/main.cpp

[ "$failures" -eq 0 ] || printf '%s breaches of the room rule (see HACKING.md)\n' "$failures"
[ "$failures" -eq 0 ]
