// SPDX-License-Identifier: Apache-2.0
// The number of a block device.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace iopslimit {

/// A block device's number, by which the kernel identifies it in io.max and blkio.throttle.*.
struct Devnum {
  unsigned major = 0;
  unsigned minor = 0;
  auto operator<=>(const Devnum&) const = default;
};

/// "259:0", as the kernel prints it.
std::string to_string(Devnum devnum);

/// Parses "259:0"; no other character may stand before, between or after the two numbers.
std::optional<Devnum> parse_devnum(std::string_view text);

}  // namespace iopslimit
