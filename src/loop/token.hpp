// SPDX-License-Identifier: Apache-2.0
// Takes texts apart, the kernel's and others.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
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

/// ASCII alone, in every locale.
constexpr bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}
constexpr bool is_alphanumeric(char letter) {
  return is_digit(letter) || (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
}

/// The white space of isspace() in the C locale.
inline constexpr std::string_view white_space = " \t\v\f\r\n";

/// Returns the text without white space at its ends.
inline std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(white_space);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

/// Returns the last place of `letter`, or npos. As std::string_view::rfind(), which looks at one
/// byte at a time: for the paths and names of cgroups, which are long.
inline std::size_t last_place(std::string_view text, char letter) {
  if (text.empty()) return std::string_view::npos;  // it may have no data
  const void* found = memrchr(text.data(), letter, text.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
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
