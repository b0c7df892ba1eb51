// SPDX-License-Identifier: Apache-2.0
#include "disk/devnum.hpp"

#include <charconv>
#include <system_error>

namespace iopslimit {
std::string to_string(Devnum devnum) {
  return std::to_string(devnum.major) + ":" + std::to_string(devnum.minor);
}

std::optional<Devnum> parse_devnum(std::string_view text) {
  Devnum devnum;
  const char* end = text.data() + text.size();
  const auto major = std::from_chars(text.data(), end, devnum.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != ':') return std::nullopt;
  const auto minor = std::from_chars(major.ptr + 1, end, devnum.minor);
  if (minor.ec != std::errc() || minor.ptr != end) return std::nullopt;
  return devnum;
}

}  // namespace iopslimit
