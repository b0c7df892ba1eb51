// SPDX-License-Identifier: Apache-2.0
// Containers and pods whose limits an operator has paused. This file reads no clock: all times are
// in seconds of a clock that never jumps and keeps running while the machine sleeps
// (CLOCK_BOOTTIME).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "cgroup/path.hpp"

namespace iopslimit {

/// Which containers and pods are paused, and until when. A pause ends by itself.
class Pauses {
 public:
  static constexpr std::chrono::seconds usual{600};
  static constexpr std::chrono::seconds longest{24 * 3600};

  /// `whom`: a container's cgroup, or a pod's uid. Replaces an earlier pause.
  void set(const std::string& whom, std::uint64_t until) { until_[whom] = until; }
  /// Returns false if there was no pause.
  bool lift(std::string_view whom);
  /// Removes the pauses that are over. Returns true if there were any.
  bool end(std::uint64_t now);
  /// The time at which the next pause ends.
  std::optional<std::uint64_t> next_end() const;

  /// Until when a container's limit is paused, by its own pause or by that of its pod, whichever
  /// ends later.
  std::optional<std::uint64_t> until(const ContainerPath& container) const;
  bool has(std::string_view whom) const { return until_.contains(whom); }
  bool empty() const { return until_.empty(); }
  bool operator==(const Pauses&) const = default;

  /// One line for each pause: "8123 /kubepods/...".
  std::string text() const;
  /// Parses the output of text(). Drops pauses that have ended by `now`, pauses that last longer
  /// than `longest` from `now` (they are from an earlier boot), and lines that do not parse.
  static Pauses from_text(std::string_view text, std::uint64_t now);

 private:
  std::map<std::string, std::uint64_t, std::less<>> until_;
};

/// Parses "90" and "90s", "10m" and "10min", "2h". Returns std::nullopt for 0, for more than a year
/// and for any other text.
std::optional<std::chrono::seconds> parse_span(std::string_view text);

/// "10 min", "1 h 30 min", "45 s".
std::string to_text(std::chrono::seconds span);

}  // namespace iopslimit
