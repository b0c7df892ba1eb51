// SPDX-License-Identifier: Apache-2.0
// The workload that a pod belongs to, from the pod's name alone.
#pragma once

#include <string>
#include <string_view>

namespace iopslimit {

struct WorkloadName {
  std::string name;  ///< "web" of the pod web-7d9f8b6c5d-x2x4z
  std::string glob;  ///< the pattern that matches its pods: "web-*"
  bool operator==(const WorkloadName&) const = default;
};

/// Removes what Kubernetes appended: the hash of a ReplicaSet, the five characters of a generated
/// name, the minute of a CronJob, the ordinal of a StatefulSet. A pod that nobody created for a
/// workload keeps its name.
WorkloadName workload_of_pod(std::string_view pod);

/// True if this is a name of Kubernetes: letters, digits, '-', '.' and '_', at most 253, a letter
/// or digit first. Every such name can stand in a configuration file and in the history as it is.
bool is_kubernetes_name(std::string_view name);

}  // namespace iopslimit
