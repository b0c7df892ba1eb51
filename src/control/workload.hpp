// SPDX-License-Identifier: Apache-2.0
// A workload carries a limit: it is a container or, with scope = pod, a pod as a whole.
#pragma once

#include <cstdint>
#include <string>
#include <system_error>
#include <variant>
#include <vector>

#include "cgroup/path.hpp"
#include "limit/rule_difference.hpp"
#include "policy/policy.hpp"
#include "report/counts.hpp"
#include "runtime/record.hpp"

namespace iopslimit {

/// A workload and everything that the service knows about it.
struct Workload {
  ContainerPath path;
  RecordAnswer record;  ///< the record, or why it is unusable (announced once, not at every pass)
  Decision decision{.verdict = Verdict::sandbox};  ///< initially does not compete for the total
  std::vector<Rule> held;                          ///< the service's rules that the kernel holds
  std::error_code last_error;                      ///< announced once, not at every pass
  bool read_again = false;  ///< the next record replaces the known one, for a new configuration
  bool announced = false;   ///< the journal has a line about its limit
  bool waits = false;       ///< an event about its current state is pending
  /// Its processes are in its process leaf, which has a workload of its own. It keeps its rules,
  /// for what may be left in it, and is neither shown nor counted.
  bool superseded = false;

  enum class Learned { nothing, record, bad_record };

  /// Takes in a record. Takes in a complete one only once for each configuration, because the
  /// runtime does not rewrite it, and again with what the runtime's socket tells. An unusable
  /// record is reported once and never replaces a usable one; that there is a large one is news
  /// only if nothing was known.
  Learned learn(RecordAnswer answer);

  /// True if a complete record was read.
  bool has_whole_record() const { return names() != nullptr && !names()->incomplete; }
  /// Its part in the counts of the node.
  Counts counts() const;
  const Record* names() const { return std::get_if<Record>(&record); }
  /// True if it is one of the containers that people count: no sandbox, and not superseded.
  bool is_counted() const { return !superseded && decision.verdict != Verdict::sandbox; }
  /// True if somebody changes its limit again as soon as it is restored: the service has written
  /// all that is `wanted`, and each change calls for another repair.
  bool changes_at_once(const std::vector<Rule>& wanted) const;
  /// True if it belongs to no pod: then it has no share in the total of all pods.
  bool standalone() const { return path.pod_uid.empty(); }
  /// True if it has a share in the total of all pods. A sandbox has none: pause does no I/O.
  bool competes() const {
    return decision.verdict == Verdict::limited && !standalone() && !superseded;
  }
};

/// True if the container has no limit of its own, because its pod carries one for all of them.
inline bool limited_by_pod(LimitScope scope, const ContainerPath& path) {
  return scope == LimitScope::pod && !path.id.empty() && !pod_cgroup_of(path).empty();
}

}  // namespace iopslimit
