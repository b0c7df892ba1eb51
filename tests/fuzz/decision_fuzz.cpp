// SPDX-License-Identifier: Apache-2.0
// Names, labels and annotations that a pod author can choose: whatever they are, the decision stays
// within what the operator allows.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "policy/policy.hpp"

namespace {

using namespace iopslimit;

Config operators_words() {
  Config config;
  config.exclude_keywords = {};
  config.limit = {.read_iops = 500, .write_iops = 400, .read_bps = 8U << 20U};
  config.annotation_prefixes = {"iopslimit.org", "kubediskguard.io"};
  config.annotation_max_iops = 2000;
  config.policies = {
      {"a", {.globs = {{"namespace", "*a*b*c*d*e*"}}, .limits = {.iops = 100}}},
      {"b",
       {.globs = {{"image", "*[!a-z]*/?*:*"}, {"label.app", "*x*x*x*x*"}},
        .limits = {.iops = 900}}},
      {"c", {.globs = {{"pod", "[a-"}, {"container", "\\"}}, .limits = {.iops = 50}}},
  };
  return config;
}

// The next text up to a NUL.
std::string take(std::string_view& bytes) {
  const std::size_t end = std::min(bytes.find('\0'), bytes.size());
  std::string text(bytes.substr(0, end));
  bytes.remove_prefix(std::min(end + 1, bytes.size()));
  return text;
}

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Config config = operators_words();
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Record record;
  record.name = take(bytes);
  record.image = take(bytes);
  record.pod = take(bytes);
  record.pod_namespace = take(bytes);
  record.labels.emplace_back("app", take(bytes));
  while (!bytes.empty()) {
    std::string key = take(bytes);
    // Half of them begin as ours do: few would otherwise.
    if (key.size() % 2 == 0)
      key.insert(0, key.size() % 4 == 0 ? "iopslimit.org/" : "kubediskguard.io/");
    record.annotations.emplace_back(std::move(key), take(bytes));
  }
  const Decision decision = decide(config, {.qos = QosClass::burstable}, &record);
  require(decision.verdict == Verdict::limited);
  require(decision.limits.at(0).read_iops >= 50 && decision.limits.at(0).read_iops <= 2000);
  require(decision.limits.at(0).write_iops >= 50 && decision.limits.at(0).write_iops <= 2000);
  require(decision.limits.at(0).read_bps >= 1U << 20U &&
          decision.limits.at(0).read_bps <= 8U << 20U);
  require(decision.limits.at(0).write_bps == 0 || decision.limits.at(0).write_bps >= 1U << 20U);
  require(decision.warnings.size() <= 7);
  for (const std::string& warning : decision.warnings) require(warning.size() < 1000);
  return 0;
}
