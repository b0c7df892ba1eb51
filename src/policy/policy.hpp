// SPDX-License-Identifier: Apache-2.0
// Decides from the configuration and a container which limit it should have.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cgroup/path.hpp"
#include "config/config.hpp"
#include "limit/limit.hpp"
#include "runtime/record.hpp"

namespace iopslimit {

enum class Verdict {
  limited,
  exempt,
  sandbox  ///< a pod's sandbox: limited or, with its pod, exempt
};

/// The limit that a container should have, and the reason.
struct Decision {
  Verdict verdict = Verdict::limited;
  std::vector<Limit> limits;  ///< one for each of Config::data_mounts(); empty if exempt
  /// One for each of Config::data_mounts(); empty if all of them are the defaults.
  std::vector<ShareTerms> terms;
  /// The section with file and line, the labels by which a policy matched and the annotations, each
  /// with its origin, and the bounds that changed a request: "[policy db]
  /// (/etc/iops-limitd/conf.d/db.conf:3); annotation iopslimit.org/iops = 800 (runtime's socket)".
  std::string reason;
  /// One sentence for each ignored annotation, with the reason.
  std::vector<std::string> warnings;
  bool operator==(const Decision&) const = default;
};

/// The steps of a decision as sentences for an operator, in the order in which they were taken.
using Trace = std::vector<std::string>;

/// Decides in this order: [exclude], the first [policy] that matches, [limits]; then the pod's own
/// annotations. A container is limited unless proven exempt: without a record it gets the default
/// limit. If something that a policy asks for is recorded but cannot be used (yet), the container
/// gets the strictest of the default limit and of every policy that could match, for each direction
/// and quantity; a policy that exempts never counts then. A pod as a whole (scope = pod), and a
/// sandbox, are decided like a container without name and image. `trace` receives the steps; it may
/// be null.
Decision decide(const Config& config, const ContainerPath& path, const Record* record,
                Trace* trace = nullptr);
/// The same for a record that may be unusable as a whole.
Decision decide(const Config& config, const ContainerPath& path, const RecordAnswer& answer,
                Trace* trace = nullptr);

/// The reason why `[exclude]` exempts a record, or std::nullopt. A keyword is a case-sensitive
/// substring of image, container, pod or namespace. An empty keyword matches nothing.
std::optional<std::string> excluded_by(const Config& config, const Record& record);

/// True if every glob of the policy matches (fnmatch(3); '*' also matches '/'). An unknown value
/// (an empty name, or a label that the pod does not have) matches no glob.
bool matches(const PolicySection& policy, const ContainerPath& path, const Record& record);

/// True if the policy matches whatever the values are that `known` lacks: no known one is against
/// it. A container outside of a pod has no namespace and no pod, a pod as a whole no name and no
/// image.
bool could_match(const Config& config, const PolicySection& policy, const ContainerPath& path,
                 const Record& known);

/// The labels and annotations that decide() needs.
RecordRequest requested_by(const Config& config);

/// Turns a container's record into that of its pod: removes the values that belong to one
/// container.
RecordAnswer of_pod(RecordAnswer record);

}  // namespace iopslimit
