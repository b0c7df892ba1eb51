// SPDX-License-Identifier: Apache-2.0
// Which container or pod an operator's word names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/snapshot.hpp"

namespace iopslimit {

/// A container or a pod as a whole.
struct Selector {
  std::string whom;   ///< the container's cgroup, or the pod's uid: see Pauses
  std::string shown;  ///< "shop/db-0/db", "shop/db-0"
  bool pod = false;
  std::vector<const WorkloadView*> containers;  ///< the one, or those of the pod; of the snapshot
};

/// Every choice that the word fits; one: it is chosen. Exact words before starts of words. A
/// container: its cgroup, id, name, pod/name, namespace/pod/name, or the start of any but the
/// cgroup. A pod: its uid, name, namespace/name, or the start of any.
std::vector<Selector> selectors_of(const std::vector<WorkloadView>& containers,
                                   std::string_view word);

/// Every word that names exactly one choice in full, for a shell's completion.
std::vector<std::string> words_of(const std::vector<WorkloadView>& containers);

/// "no container or pod is called x; ...", or "x may be any of: ...", when not exactly one fits.
std::string why_not_one(const std::vector<Selector>& selectors, std::string_view word);

}  // namespace iopslimit
