// SPDX-License-Identifier: Apache-2.0
// Text on a terminal: what may be printed, how many columns it takes, and where it is cut.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace iopslimit {

/// Selects a UTF-8 locale for character types: the user's own, or C.UTF-8 when that is another
/// encoding. The functions below and the tables need it.
void use_utf8_locale();

/// Text from outside, safe to print: sanitize_utf8(), or plain_lines() for several lines.
std::string printable(std::string_view text);
std::string printable_lines(std::string_view text);

/// Columns that printable text takes: two for each wide character, none for a combining one.
std::size_t display_width(std::string_view text);

/// Bytes of the longest beginning of `text` that takes at most `columns`.
std::size_t bytes_within(std::string_view text, std::size_t columns);

/// `text` in at most `columns`; ends in "…" when something was cut off.
std::string truncate(std::string_view text, std::size_t columns);

}  // namespace iopslimit
