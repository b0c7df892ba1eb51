// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/json_text.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <variant>

#include "api/snapshot_fields.hpp"
#include "report/utf8.hpp"

namespace iopslimit {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Rule& rule) {
  return {{"device", to_string(rule.device)},
          {"read_iops", rule.limit.read_iops},
          {"write_iops", rule.limit.write_iops},
          {"read_bps", rule.limit.read_bps},
          {"write_bps", rule.limit.write_bps}};
}

Json json_of(const std::optional<Rule>& rule) {
  return rule ? json_of(*rule) : Json();
}

Json json_of(const std::vector<Rule>& rules) {
  Json list = Json::array();
  for (const Rule& rule : rules) list.push_back(json_of(rule));
  return list;
}

Json json_of(const std::vector<std::string>& texts) {
  Json list = Json::array();
  for (const std::string& text : texts) list.push_back(sanitize_utf8(text));
  return list;
}

Json json_of(const std::string& text) {
  return sanitize_utf8(text);
}

template <class Number>
Json json_of(Number number) {
  return number;
}

Json json_of(const Fields& fields) {
  Json object = Json::object();
  for (const Field& field : fields)
    std::visit([&](const auto& value) { object[field.name] = json_of(value); }, field.value);
  return object;
}

template <class View>
Json json_of_all(const std::vector<View>& views) {
  Json list = Json::array();
  for (const View& view : views) list.push_back(json_of(fields_of(view)));
  return list;
}

double rounded(double value, double parts) {
  return std::round(value * parts) / parts;
}

Json json_of_part(const std::optional<double>& part) {
  constexpr double thousandth = 1000;
  return part ? Json(rounded(*part, thousandth)) : Json();
}

Json json_of_load(const Load& load) {
  constexpr double tenth = 10;
  return {{"read_iops", rounded(load.read_iops, tenth)},
          {"write_iops", rounded(load.write_iops, tenth)},
          {"read_bps", rounded(load.read_bps, 1)},
          {"write_bps", rounded(load.write_bps, 1)},
          {"use", json_of_part(load.use)},
          {"stalled", json_of_part(load.stalled)}};
}

Json json_of_messages(const std::vector<ConfigMessage>& messages) {
  Json list = Json::array();
  for (const ConfigMessage& message : messages)
    list.push_back({{"file", sanitize_utf8(message.origin.file)},
                    {"line", message.origin.line},
                    {"text", sanitize_utf8(message.text)}});
  return list;
}

std::string text_of(const Json& json) {
  return json.dump(2);
}

}  // namespace

std::string status_json(const Snapshot& snapshot, std::string_view source) {
  return text_of({{"source", source},
                  {"service", json_of(fields_of(summary_of(snapshot)))},
                  {"devices", json_of_all(snapshot.devices)},
                  {"totals", json_of_all(snapshot.totals)}});
}

std::string list_json(const Snapshot& snapshot, const std::map<std::string, Load>& loads,
                      std::string_view source) {
  Json list = Json::array();
  for (const WorkloadView& one : snapshot.containers) {
    Json object = json_of(fields_of(one));
    object["empty"] = one.empty;
    const auto load = loads.find(one.path.cgroup);
    object["now"] = load == loads.end() ? Json() : json_of_load(load->second);
    list.push_back(std::move(object));
  }
  return text_of({{"source", source}, {"containers", std::move(list)}});
}

std::string devices_json(const Snapshot& snapshot, std::string_view source) {
  return text_of({{"source", source}, {"devices", json_of_all(snapshot.devices)}});
}

std::string explain_json(const std::vector<Explained>& all,
                         const std::map<std::string, std::vector<Rule>>& kernel) {
  Json list = Json::array();
  for (const auto& [container, steps] : all) {
    Json object = json_of(fields_of(container));
    object["steps"] = json_of(steps);
    const auto held = kernel.find(container.path.cgroup);
    object["kernel"] = held == kernel.end() ? Json() : json_of(held->second);
    list.push_back(std::move(object));
  }
  return text_of({{"containers", std::move(list)}});
}

std::string advise_json(const std::vector<Advice>& all) {
  return text_of({{"advice", json_of_all(all)}});
}

std::string verify_json(const Comparison& comparison) {
  Json list = Json::array();
  for (const Difference& one : comparison.differences)
    list.push_back({{"cgroup", sanitize_utf8(one.cgroup)},
                    {"name", sanitize_utf8(one.shown)},
                    {"service", json_of(one.service)},
                    {"kernel", json_of(one.kernel)},
                    {"text", sanitize_utf8(one.text)}});
  Json missing = Json::array();
  for (const Missing& one : comparison.missing)
    missing.push_back({{"cgroup", sanitize_utf8(one.cgroup)},
                       {"name", sanitize_utf8(one.shown)},
                       {"text", sanitize_utf8(one.text)}});
  return text_of({{"rules", comparison.rules},
                  {"differences", std::move(list)},
                  {"not_in_force", std::move(missing)}});
}

std::string health_json(const std::vector<HealthCheck>& checks) {
  Json list = Json::array();
  for (const HealthCheck& check : checks)
    list.push_back(
        {{"name", check.name}, {"good", check.good}, {"text", sanitize_utf8(check.text)}});
  const bool healthy = std::ranges::all_of(checks, &HealthCheck::good);
  return text_of({{"healthy", healthy}, {"checks", std::move(list)}});
}

std::string config_json(const std::string& file, const std::vector<ConfigMessage>& errors) {
  return text_of({{"file", sanitize_utf8(file)},
                  {"good", errors.empty()},
                  {"errors", json_of_messages(errors)}});
}

std::string preview_json(const PreviewView& view) {
  Json settings = Json::array();
  for (const KeyChange& one : view.keys) {
    Json object = json_of(fields_of(one));
    for (const char* side : {"value_before", "value_after"})
      if (!object.contains(side)) object[side] = Json();
    settings.push_back(std::move(object));
  }
  return text_of({{"changes", !view.empty()},
                  {"notes", json_of(view.notes)},
                  {"settings", std::move(settings)},
                  {"devices", json_of_all(view.devices)},
                  {"containers", json_of_all(view.workloads)}});
}

std::string done_json(std::string_view verb, const std::optional<Match>& match,
                      std::optional<std::uint64_t> seconds) {
  Json object{{"done", verb}};
  if (match) {
    const bool is_pod = match->cgroup.empty();
    object["name"] = sanitize_utf8(match->name);
    object[is_pod ? "pod_uid" : "cgroup"] = sanitize_utf8(is_pod ? match->pod_uid : match->cgroup);
  }
  if (seconds) object["seconds"] = *seconds;
  return text_of(object);
}

}  // namespace iopslimit
