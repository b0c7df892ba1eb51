// SPDX-License-Identifier: Apache-2.0
// Text from outside (a pod's author chooses names) made fit for a terminal and for the bus.
#pragma once

#include <string>
#include <string_view>

namespace iopslimit {

/// Valid UTF-8 without control characters: each byte that is neither becomes '?'. So no name can
/// move a terminal's cursor, and the bus takes every text.
std::string sanitize_utf8(std::string_view text);

/// The same for several lines: '\n' stays.
std::string plain_lines(std::string_view text);

}  // namespace iopslimit
