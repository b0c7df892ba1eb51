#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# rooms.sh must see a breach of every kind: a rule that cannot fail is no rule.
set -u
rules=$(dirname "$(readlink -f "$0")")/rooms.sh
failures=0

# breach FILE LINE: a tree with just this line in FILE must be refused.
breach() {
  local tree
  tree=$(mktemp -d)
  mkdir -p "$tree/src/core" "$tree/src/host" "$tree/tests"
  echo '// SPDX-License-Identifier: Apache-2.0' | tee "$tree/src/main.cpp" "$tree/src/daemon.cpp" >"$tree/src/daemon.hpp"
  if ! "$rules" "$tree" >/dev/null; then
    echo "a clean tree is refused"
    failures=$((failures + 1))
  fi
  printf '// SPDX-License-Identifier: Apache-2.0\n%s\n' "$2" >"$tree/$1"
  if "$rules" "$tree" >/dev/null; then
    echo "not seen: $2 in $1"
    failures=$((failures + 1))
  fi
  rm -r "$tree"
}

breach src/core/a.cpp '#include <unistd.h>'
breach src/core/a.cpp 'auto path = "/sys/fs/cgroup";'
breach src/core/a.cpp '#include <simdjson.h>'
breach src/core/a.cpp '#include "core/record_json.hpp"'
breach src/core/record.hpp '#include <simdjson.h>'
breach src/core/a.cpp '#include <prometheus/registry.h>'
breach src/core/a.hpp '#include "host/file.hpp"'
breach src/host/a.hpp '#include "daemon.hpp"'
breach src/host/a.cpp '#include "core/policy.hpp"'
breach src/host/a.cpp '#include <sys/inotify.h>'
breach src/daemon.cpp '#include "host/file.hpp"'
breach src/daemon.hpp '#include "host/file.hpp"'
breach src/host/a.cpp '#include "core/utils.hpp"'
breach src/host/a.cpp '#include <thread>'
breach src/host/a.cpp "$(printf '\n%.0s' {1..400}; echo 'int x;')"
breach src/main.cpp "$(printf '\n%.0s' {1..120}; echo 'int x;')"
[ "$failures" -eq 0 ]
