// SPDX-License-Identifier: Apache-2.0
// What carries a limit: a container, or with scope = pod a pod as a whole; and all that is known
// about it.
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

/// What carries a limit, and all that is known about it.
struct Workload {
  ContainerPath path;
  RecordAnswer record;  ///< why it cannot be used until one can: said once, not at every pass
  Decision decision{.verdict = Verdict::sandbox};  ///< until it is decided it competes for nothing
  std::vector<Rule> held;                          ///< what the kernel holds because of us
  std::error_code last_error;                      ///< said once, not at every pass
  Counts counted;                                  ///< as what count() has counted it
  bool read_again = false;  ///< the record was read for an older configuration
  bool announced = false;   ///< the journal has a line about its limit
  bool waits = false;       ///< or will have: about what it is now

  enum class Learned { nothing, record, bad_record };

  /// Takes a record in, once for a configuration when it is whole: the runtime does not rewrite it.
  /// One that cannot be used is told once, and never takes away what was known.
  Learned learn(const RecordAnswer& answer);

  /// A record was read that nothing can be added to.
  bool has_whole_record() const { return names() != nullptr && !names()->incomplete; }
  /// Brings its part in `counts` up to date; `gone`: it has none any more.
  void count(Counts& counts, bool gone = false);
  const Record* names() const { return std::get_if<Record>(&record); }
  /// Not a pod's: it has no part in the total of all pods.
  bool standalone() const { return path.pod_uid.empty(); }
};

}  // namespace iopslimit
