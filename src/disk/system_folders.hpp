// SPDX-License-Identifier: Apache-2.0
// The folders of the system that a throttled disk could slow down.
#pragma once

#include <string>
#include <vector>

namespace iopslimit {

/// The root, and the states of the kubelet and of the known runtimes; then `more`.
std::vector<std::string> system_folders(const std::vector<std::string>& more);

}  // namespace iopslimit
