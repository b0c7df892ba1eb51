// SPDX-License-Identifier: Apache-2.0
// Containers and pods that an operator lets go for a while. There is no clock here: times are
// seconds of one that never jumps and goes on while the machine sleeps (CLOCK_BOOTTIME).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "cgroup/path.hpp"

namespace iopslimit {

/// Who is paused, and until when. A pause ends by itself.
class Pauses {
 public:
  static constexpr std::chrono::seconds usual{600};
  static constexpr std::chrono::seconds longest{24 * 3600};

  /// `whom`: a container's cgroup, or a pod's uid. A pause of before is replaced.
  void set(const std::string& whom, std::uint64_t until) { until_[whom] = until; }
  /// False when there was none.
  bool lift(std::string_view whom);
  /// Drops those whose time is over; true when there were any.
  bool end(std::uint64_t now);
  /// The first moment at which one ends.
  std::optional<std::uint64_t> next_end() const;

  /// Until when a container's limit is away, by its own pause or by its pod's: the later one.
  std::optional<std::uint64_t> until(const ContainerPath& container) const;
  bool has(std::string_view whom) const { return until_.contains(whom); }
  bool empty() const { return until_.empty(); }
  bool operator==(const Pauses&) const = default;

  /// One line for each: "8123 /kubepods/...".
  std::string text() const;
  /// Reads text() back. Dropped: what ended before `now`, what lasts longer than `longest` from
  /// `now` (it is of an earlier boot), and lines that do not parse.
  static Pauses from_text(std::string_view text, std::uint64_t now);

 private:
  std::map<std::string, std::uint64_t, std::less<>> until_;
};

/// "90" and "90s", "10m", "2h". Nothing for any other text, 0, and what is longer than a year.
std::optional<std::chrono::seconds> parse_span(std::string_view text);

/// "10 min", "1 h 30 min", "45 s".
std::string to_text(std::chrono::seconds span);

}  // namespace iopslimit
