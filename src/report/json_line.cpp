// SPDX-License-Identifier: Apache-2.0
#include "report/json_line.hpp"

#include <array>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

#include "report/utf8.hpp"

namespace iopslimit {
namespace {

using Json = nlohmann::ordered_json;

// RFC 3339, UTC: "2026-11-25T07:30:14.123Z".
std::string time_of(std::uint64_t msec) {
  constexpr std::uint64_t thousand = 1000;
  const auto seconds = static_cast<std::time_t>(msec / thousand);
  std::tm parts{};
  std::array<char, 32> day{};
  gmtime_r(&seconds, &parts);
  std::strftime(day.data(), day.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::array<char, 8> rest{};
  std::snprintf(rest.data(), rest.size(), ".%03uZ", static_cast<unsigned>(msec % thousand));
  return std::string(day.data()) + rest.data();
}

const char* level_of(Severity severity) {
  switch (severity) {
    case Severity::error:
      return "error";
    case Severity::warning:
      return "warning";
    case Severity::notice:
      return "notice";
    case Severity::info:
      return "info";
    case Severity::debug:
      break;
  }
  return "debug";
}

Json json_of(const std::vector<Rule>& rules) {
  Json list = Json::array();
  for (const Rule& rule : rules)
    list.push_back({{"device", to_string(rule.device)},
                    {"read_iops", rule.limit.read_iops},
                    {"write_iops", rule.limit.write_iops},
                    {"read_bps", rule.limit.read_bps},
                    {"write_bps", rule.limit.write_bps}});
  return list;
}

}  // namespace

std::string json_line(const Event& event, std::string_view action, std::uint64_t msec) {
  Json line{{"time", time_of(msec)}, {"level", level_of(event.severity)}};
  const auto add = [&line](const char* name, std::string_view text) {
    if (!text.empty()) line[name] = sanitize_utf8(text);
  };
  add("message", event.text);
  add("action", action);
  add("container_id", event.container_id);
  add("container_name", event.container_name);
  add("pod_uid", event.pod_uid);
  add("pod_name", event.pod_name);
  add("pod_namespace", event.pod_namespace);
  add("cgroup", event.cgroup);
  if (!event.rules.empty()) line["rules"] = json_of(event.rules);
  return line.dump();
}

}  // namespace iopslimit
