// SPDX-License-Identifier: Apache-2.0
// Chooses the back end that writes the limit files of a hierarchy.
#pragma once

#include <memory>

#include "cgroup/hierarchy.hpp"
#include "limit/backend.hpp"

namespace iopslimit {

/// Throws std::system_error when the hierarchy cannot be opened.
std::unique_ptr<LimitBackend> open_limit_files(const Hierarchy& tree);

}  // namespace iopslimit
