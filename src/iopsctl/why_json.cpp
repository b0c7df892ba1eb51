// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/why_json.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "report/utf8.hpp"

namespace iopslimit {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<Held, std::string_view>, 3> held_words{
    {{Held::configured, "configured"}, {Held::cut, "cut"}, {Held::borrowed, "borrowed"}}};

double rounded(double value) {
  constexpr double thousandth = 1000;
  return std::round(value * thousandth) / thousandth;
}

Json json_of(const std::optional<double>& value) {
  return value ? Json(rounded(*value)) : Json();
}

Json json_of(const std::vector<User>& users) {
  Json list = Json::array();
  for (const User& user : users)
    list.push_back({{"name", sanitize_utf8(user.name)}, {"iops", rounded(user.iops)}});
  return list;
}

Json limit_json(const Finding& finding) {
  if (finding.key == nullptr) return {};
  const KeyUse& use = *finding.key;
  Json rates = Json::array();
  for (const double rate : use.rates) rates.push_back(rounded(rate));
  return {{"device", to_string(use.device)},
          {"key", limit_keys.at(use.key).name},
          {"held", word_of(finding.held, held_words)},
          {"configured", use.configured},
          {"seconds_at_limit", finding.at_limit},
          {"use", rounded(use_of(use))},
          {"rates", std::move(rates)},
          {"limits", use.limits}};
}

Json total_json(const TotalUse* total) {
  if (total == nullptr) return {};
  return {{"device", to_string(total->device)},
          {"direction", total->write ? "write" : "read"},
          {"used", rounded(total->used)},
          {"total", total->total},
          {"users", json_of(total->users)}};
}

Json disk_json(const DiskUse* disk) {
  if (disk == nullptr) return {};
  return {{"device", to_string(disk->device)}, {"name", sanitize_utf8(disk->name)},
          {"iops", rounded(disk->iops)},       {"pods_iops", rounded(disk->pods_iops)},
          {"busy", rounded(disk->busy)},       {"wait_msec", json_of(disk->wait_msec)},
          {"users", json_of(disk->users)}};
}

Json samples_json(const std::vector<Load>& loads) {
  Json list = Json::array();
  for (const Load& load : loads)
    list.push_back({{"read_iops", rounded(load.read_iops)},
                    {"write_iops", rounded(load.write_iops)},
                    {"read_bps", rounded(load.read_bps)},
                    {"write_bps", rounded(load.write_bps)},
                    {"stalled", json_of(load.stalled)}});
  return list;
}

Json json_of(const Explanation& one) {
  const WorkloadView& view = *one.container;
  Json texts = Json::array();
  for (const std::string& text : sentences(one)) texts.push_back(sanitize_utf8(text));
  Json others = Json::array();
  for (const auto& [device, ios] : one.measured.others)
    others.push_back({{"device", to_string(device)}, {"iops", rounded(ios)}});
  return {{"id", view.path.id},
          {"name", sanitize_utf8(view.name)},
          {"pod", sanitize_utf8(view.pod)},
          {"namespace", sanitize_utf8(view.pod_namespace)},
          {"cgroup", sanitize_utf8(view.path.cgroup)},
          {"state", word_of(view.state, state_words)},
          {"verdict", word_of(one.finding.cause, cause_words)},
          {"text", std::move(texts)},
          {"seconds", rounded(one.measured.seconds)},
          {"stalled", json_of(one.measured.stalled)},
          {"limit", limit_json(one.finding)},
          {"total", total_json(one.finding.total)},
          {"disk", disk_json(one.finding.disk)},
          {"others", std::move(others)},
          {"samples", samples_json(one.measured.loads)}};
}

}  // namespace

std::string why_json(const std::vector<Explanation>& all, std::string_view source) {
  Json list = Json::array();
  for (const Explanation& one : all) list.push_back(json_of(one));
  return Json{{"source", source}, {"containers", std::move(list)}}.dump(2);
}

}  // namespace iopslimit
