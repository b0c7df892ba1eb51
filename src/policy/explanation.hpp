// SPDX-License-Identifier: Apache-2.0
// The way to a decision, for an operator: every rule that was looked at, in the order of decide().
#pragma once

#include <string>
#include <vector>

#include "cgroup/path.hpp"
#include "config/config.hpp"
#include "runtime/record.hpp"

namespace iopslimit {

/// One sentence a step; the last one is what came out for each data mount.
std::vector<std::string> explain(const Config& config, const ContainerPath& path,
                                 const Record* record);

}  // namespace iopslimit
