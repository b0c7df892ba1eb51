// SPDX-License-Identifier: Apache-2.0
// Takes texts apart, the kernel's and others.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
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

/// The white space of isspace() in the C locale.
inline constexpr std::string_view white_space = " \t\v\f\r\n";

/// Returns the text without white space at its ends.
inline std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(white_space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(white_space) - first + 1);
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
