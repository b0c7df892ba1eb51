// SPDX-License-Identifier: Apache-2.0
// Configuration and a container in, the limit it should have out.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cgroup/path.hpp"
#include "config/config.hpp"
#include "limit/limit.hpp"
#include "runtime/record.hpp"

namespace iopslimit {

enum class Verdict { limited, exempt, sandbox };

/// What a container should have, and why.
struct Decision {
  Verdict verdict = Verdict::limited;
  std::vector<Limit> limits;  ///< one for each of Config::data_mounts(); none unless limited
  /// Which section with file and line, which annotation, what it was clamped by:
  /// "[policy db] (/etc/iops-limitd/conf.d/db.conf:3); annotation iopslimit.org/iops = 800".
  std::string reason;
  /// Annotations that are ignored, and why: one sentence each.
  std::vector<std::string> warnings;
  bool operator==(const Decision&) const = default;
};

/// In this order: sandbox, [exclude], the first [policy] that matches, [limits]; then the pod's own
/// annotations. Limited until proven exempt: without a record the answer is the default limit. A
/// pod as a whole (scope = pod) is decided like a container without name and image.
Decision decide(const Config& config, const ContainerPath& path, const Record* record);

/// The reason a record is exempt by `[exclude]`, if it is. A keyword is a case-sensitive substring
/// of image, container, pod or namespace; an empty keyword matches nothing.
std::optional<std::string> excluded_by(const Config& config, const Record& record);

/// True when every glob of the policy matches (fnmatch(3), '*' crosses '/'). What is not known (an
/// empty name, a label the pod does not have) matches no glob.
bool matches(const PolicySection& policy, const ContainerPath& path, const Record& record);

/// The labels and annotations that decide() may look at.
RecordRequest requested_by(const Config& config);

/// A record as that of its pod: without what belongs to one container.
RecordAnswer of_pod(RecordAnswer record);

}  // namespace iopslimit
