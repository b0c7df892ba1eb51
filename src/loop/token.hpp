// SPDX-License-Identifier: Apache-2.0
// Takes texts of the kernel apart.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace iopslimit {

/// Removes the text up to `separator`, and the separator, from the front. Returns the text before
/// it, which is empty between two separators in a row.
inline std::string_view take_token(std::string_view& text, char separator) {
  const std::string_view token = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(token.size() + 1, text.size()));
  return token;
}

/// Returns the number that the whole text is; nothing if it is none, or too large.
template <typename Number = std::uint64_t>
std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  return result.ec == std::errc() && result.ptr == end ? std::optional(number) : std::nullopt;
}

}  // namespace iopslimit
