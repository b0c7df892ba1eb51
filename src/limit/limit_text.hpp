// SPDX-License-Identifier: Apache-2.0
// Formats and parses the text of io.max (cgroup v2) and blkio.throttle.*_device (v1).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "disk/devnum.hpp"
#include "limit/limit.hpp"

namespace iopslimit {

/// One line for a limit file, in a buffer of its own: it needs no allocation.
class LimitLine {
 public:
  LimitLine& operator<<(std::string_view text);
  LimitLine& operator<<(std::uint64_t number);
  operator std::string_view() const { return {text_.data(), size_}; }
  friend bool operator==(const LimitLine& line, std::string_view text) {
    return std::string_view(line) == text;
  }

 private:
  // The longest line has a device and four values, each of at most 20 digits.
  std::array<char, 160> text_;
  std::size_t size_ = 0;
};

/// Returns "259:0 rbps=max wbps=max riops=500 wiops=500\n": all four keys, because the kernel keeps
/// the old value of a key that is left out (Documentation/admin-guide/cgroup-v2.rst, io.max).
LimitLine format_io_max(Devnum device, const Limit& limit);

/// Returns the limit that a whole io.max file holds for `device`; unlimited when it has no line for
/// it. Skips lines and keys that do not parse.
Limit parse_io_max(std::string_view text, Devnum device);

/// Returns "259:0 500\n" for one blkio.throttle file; 0 removes the rule. The kernel stores IOPS
/// there in 32 bits, without a check.
LimitLine format_blkio(Devnum device, std::uint64_t value);

/// Returns the value that a whole blkio.throttle file holds for `device`; 0 when it has no line for
/// it.
std::uint64_t parse_blkio(std::string_view text, Devnum device);

/// Returns the devices that a whole file of either kind has lines for.
std::vector<Devnum> devices_in(std::string_view text);

}  // namespace iopslimit
