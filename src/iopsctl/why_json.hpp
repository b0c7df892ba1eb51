// SPDX-License-Identifier: Apache-2.0
// The document of `iopsctl why --json`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "iopsctl/why_text.hpp"

namespace iopslimit {

/// `source`: "service" or "kernel".
std::string why_json(const std::vector<Explanation>& all, std::string_view source);

}  // namespace iopslimit
