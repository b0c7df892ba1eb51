// SPDX-License-Identifier: Apache-2.0
// Renders the output of each verb as lines of text.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/snapshot.hpp"
#include "diagnosis/load.hpp"
#include "iopsctl/client.hpp"
#include "iopsctl/verify.hpp"
#include "terminal/table.hpp"

namespace iopslimit {

using Lines = std::vector<std::string>;

/// Loads by cgroup.
using Loads = std::map<std::string, Load>;

/// `now`: wall clock, in seconds since the epoch.
Lines status_screen(const Snapshot& snapshot, std::uint64_t now, const Style& style);
/// Renders `status` from Kernel::snapshot().
Lines kernel_status_screen(const Snapshot& snapshot, const Style& style);
/// Lists sandboxes only when `all` is set.
Lines list_screen(const Snapshot& snapshot, const Loads& loads, bool all, std::uint64_t now,
                  const Style& style);
Lines devices_screen(const Snapshot& snapshot, const Style& style);
/// `kernel`: rules in force, by cgroup; cgroups that cannot be read are missing.
Lines explain_screen(const std::vector<Explained>& all,
                     const std::map<std::string, std::vector<Rule>>& kernel, std::uint64_t now,
                     const Style& style);
Lines verify_screen(const Comparison& comparison, const Style& style);
Lines health_screen(const std::vector<HealthCheck>& checks, const Style& style);

}  // namespace iopslimit
