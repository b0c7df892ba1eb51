// SPDX-License-Identifier: Apache-2.0
// A limit for a device, without the cgroup.
#pragma once

#include <string>
#include <vector>

#include "disk/devnum.hpp"
#include "limit/limit.hpp"

namespace iopslimit {

/// One rule of a cgroup that the context names.
struct Rule {
  Devnum device;
  Limit limit;
  bool operator==(const Rule&) const = default;
};

/// Returns "read 500 IOPS, write 500 IOPS on 259:0, 259:1"; devices with different limits are
/// listed separately.
std::string to_string(const std::vector<Rule>& rules);

}  // namespace iopslimit
