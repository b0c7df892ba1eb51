// SPDX-License-Identifier: Apache-2.0
// Says how the disks are shared: what a container borrows, is cut by, or lends.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "api/snapshot.hpp"

namespace iopslimit {

/// What `status` says: "sharing: 2 containers have another limit than the configured one; ...".
std::string share_state_text(const Snapshot& snapshot);

/// The guarantees of a container and what its limits differ from them: "500 +1,340", "500 -170",
/// "500 +1,340r -170w". See short_limits().
std::string shared_limits(const WorkloadView& container);

/// "borrows 1,340", "lends 423 reads/s"; empty if it has its guarantee and lends nothing.
std::string share_note(const WorkloadView& container);

/// "at its limit for 3 h 12 min of the last 24 h"; empty below ten seconds.
std::string at_limit_note(const WorkloadView& container);

/// The largest difference, in at most 7 columns: "+1.3K", "-170w"; empty without one.
std::string short_difference(const WorkloadView& container);

/// What `explain` adds: labels and texts. Empty if the container has its guarantee and lends
/// nothing.
std::vector<std::pair<std::string, std::string>> share_lines(const WorkloadView& container);

}  // namespace iopslimit
