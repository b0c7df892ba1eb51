// SPDX-License-Identifier: Apache-2.0
// A limit for a device, of whichever cgroup it is said.
#pragma once

#include <string>
#include <vector>

#include "disk/devnum.hpp"
#include "limit/limit.hpp"

namespace iopslimit {

/// One rule of a given cgroup.
struct Rule {
  Devnum device;
  Limit limit;
  bool operator==(const Rule&) const = default;
};

/// "read 500 IOPS, write 500 IOPS on 259:0, 259:1"; devices with other limits stand apart.
std::string to_string(const std::vector<Rule>& rules);

}  // namespace iopslimit
