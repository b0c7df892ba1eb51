// SPDX-License-Identifier: Apache-2.0
// What each verb shows, from values: lines for a width.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/snapshot.hpp"
#include "iopsctl/load.hpp"
#include "iopsctl/service.hpp"
#include "iopsctl/table.hpp"
#include "iopsctl/verify.hpp"

namespace iopslimit {

using Lines = std::vector<std::string>;

/// Loads by cgroup.
using Loads = std::map<std::string, Load>;

/// `now`: seconds since the epoch.
Lines status_screen(const Snapshot& snapshot, std::uint64_t now, const Look& look);
/// What `status` shows of an snapshot that is the kernel's (Kernel::snapshot()).
Lines kernel_status_screen(const Snapshot& snapshot, const Look& look);
/// Sandboxes only with `all`.
Lines list_screen(const Snapshot& snapshot, const Loads& loads, bool all, std::uint64_t now,
                  const Look& look);
Lines devices_screen(const Snapshot& snapshot, const Look& look);
/// `kernel`: the rules each container holds, by cgroup; none for one that cannot be read.
Lines explain_screen(const std::vector<Explained>& all,
                     const std::map<std::string, std::vector<Rule>>& kernel, std::uint64_t now,
                     const Look& look);
Lines verify_screen(const Comparison& comparison, const Look& look);
Lines health_screen(const std::vector<HealthCheck>& checks, const Look& look);

}  // namespace iopslimit
