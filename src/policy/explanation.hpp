// SPDX-License-Identifier: Apache-2.0
// Explains a decision to an operator: lists every rule that was checked, in the order of decide().
#pragma once

#include <string>
#include <vector>

#include "cgroup/path.hpp"
#include "config/config.hpp"
#include "runtime/record.hpp"

namespace iopslimit {

/// One sentence for each step; the last ones give the result for each data mount.
std::vector<std::string> explain(const Config& config, const ContainerPath& path,
                                 const Record* record);

}  // namespace iopslimit
