// SPDX-License-Identifier: Apache-2.0
// Formats numbers and times for people.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "limit/limit.hpp"
#include "limit/rule.hpp"

namespace iopslimit {

/// "0", "812", "12.3K", "4.0M": in steps of 1000; at most five characters up to 999.9T.
std::string short_number(double value);
/// The same in steps of 1024, for bytes.
std::string short_bytes(double value);
/// "1,340": in groups of three digits.
std::string grouped(std::uint64_t value);
/// "1.2 ms".
std::string milliseconds(std::uint64_t usec);
/// "84%"; at least "1%" for anything above 0.
std::string percent(double share);

/// "500", "300r 600w", "500 50M/s", "max" when unlimited.
std::string short_limit(const Limit& limit);
/// The distinct limits of all devices: "500, 200"; "-" without rules.
std::string short_limits(const std::vector<Rule>& rules);
/// "259:0: read 500 IOPS, write 500 IOPS".
std::string describe(const Rule& rule);

/// "Mon 2026-11-23 16:46:01 UTC", in the local time zone; "never" for 0.
std::string moment(std::uint64_t seconds);
/// "3 min ago", "in 10 min"; the two largest units that are not 0.
std::string distance(std::uint64_t seconds, std::uint64_t now);

/// "1 container", "2 containers".
std::string counted(std::uint64_t count, const std::string& one, const std::string& many);

}  // namespace iopslimit
