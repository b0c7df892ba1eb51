// SPDX-License-Identifier: Apache-2.0
// Makes text from outside (a pod's author chooses names) safe for a terminal and for the bus.
#pragma once

#include <string>
#include <string_view>

namespace iopslimit {

/// Returns valid UTF-8 in which every character can be seen: each byte of invalid UTF-8 or of a
/// control character becomes '?', and so does each character that changes the direction of the text
/// around it, breaks the line or is invisible. So no name can move a terminal's cursor or pass for
/// another one, and the bus accepts every text.
std::string sanitize_utf8(std::string_view text);

/// Like sanitize_utf8() for several lines: keeps '\n'.
std::string plain_lines(std::string_view text);

}  // namespace iopslimit
