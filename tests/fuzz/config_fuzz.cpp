// SPDX-License-Identifier: Apache-2.0
// Whatever stands in a configuration file: no crash, every message has its place, and a good one
// holds only limits that every kernel takes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "config/config.hpp"
#include "config/ini_reader.hpp"
#include "limit/limit.hpp"

namespace {

using namespace iopslimit;

void must(bool truth) {
  if (!truth) std::abort();
}

bool taken(std::uint64_t value, std::uint64_t largest) {
  return value == 0 || (value >= min_limit && value <= largest);
}

void check(const Limit& limit) {
  must(taken(limit.read_iops, max_iops) && taken(limit.write_iops, max_iops));
  must(taken(limit.read_bps, max_bps) && taken(limit.write_bps, max_bps));
  must(!to_string(limit).empty());
}

void check(const Config& config) {
  check(config.limit);
  must(taken(config.total_iops, max_iops));
  must(config.device.mount.starts_with('/'));
  must(std::ranges::none_of(config.exclude_keywords, &std::string::empty));
  for (const auto& policy : config.policies) {
    check(policy.second.limits.resolved(Limit{}));
    // The most that a pod can ask for is a limit too.
    must(policy.second.exempt !=
         (policy.second.limits != LimitKeys{} || policy.second.annotation_max_iops.has_value() ||
          policy.second.annotation_max_bps.has_value()));
  }
  for (const auto& device : config.more_devices) {
    check(device.second.limits.resolved(config.limit));
    must(device.second.mount.starts_with('/'));
  }
}

void check(const ConfigMessage& message, int lines) {
  must(message.origin.file == "fuzz" && message.origin.line >= 1 && message.origin.line <= lines);
  must(!message.text.empty() && message.text.find('\n') == std::string::npos);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer looks for this name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const int lines = static_cast<int>(std::ranges::count(text, '\n')) + 1;
  ConfigText read;
  read_ini_text(text, "fuzz", read);
  const ParsedConfig parsed = build_config(read.entries);
  for (const ConfigMessage& one : read.errors) check(one, lines);
  for (const ConfigMessage& one : parsed.errors) check(one, lines);
  if (parsed.errors.empty()) check(parsed.config);
  return 0;
}
