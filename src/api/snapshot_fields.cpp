// SPDX-License-Identifier: Apache-2.0
#include "api/snapshot_fields.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <utility>

#include "api/field_archive.hpp"

namespace iopslimit {
namespace {

constexpr std::array<std::pair<QosClass, std::string_view>, 4> classes{
    {{QosClass::guaranteed, "guaranteed"},
     {QosClass::burstable, "burstable"},
     {QosClass::besteffort, "besteffort"},
     {QosClass::none, ""}}};
constexpr std::array<std::pair<RuntimeHint, std::string_view>, 5> runtimes{
    {{RuntimeHint::unknown, ""},
     {RuntimeHint::containerd, "containerd"},
     {RuntimeHint::crio, "crio"},
     {RuntimeHint::docker, "docker"},
     {RuntimeHint::podman, "podman"}}};
constexpr std::array<std::pair<LimitScope, std::string_view>, 2> scopes{
    {{LimitScope::container, "container"}, {LimitScope::pod, "pod"}}};

template <class Archive, class View>
void service(Archive& archive, View& view) {
  archive.value("version", view.version);
  archive.value("cgroup_version", view.cgroup_version);
  archive.value("hierarchy", view.hierarchy);
  archive.word("scope", view.scope, scopes);
  archive.value("dry_run", view.dry_run);
  archive.value("since", view.since);
  archive.value("last_reload", view.last_reload);
  archive.value("reload_refused", view.reload_refused);
  archive.value("cleared", view.cleared);
  archive.value("repaired", view.repaired);
  archive.value("writes", view.writes);
  archive.value("errors", view.errors);
  archive.value("left_alone", view.left_alone);
  archive.value("lines_dropped", view.lines_dropped);
  archive.value("problems", view.problems);
  archive.value("runtime_socket", view.runtime_socket);
  archive.value("last_error", view.last_error);
  archive.value("last_error_at", view.last_error_at);
  archive.word("share_state", view.sharing.state, share_state_words);
  archive.value("share_changed", view.sharing.changed);
  archive.value("grants", view.sharing.grants);
  archive.value("recalls", view.sharing.recalls);
  archive.value("below_msec", view.sharing.below_msec);
  archive.value("worst_recall_usec", view.sharing.worst_recall_usec);
}

template <class Archive, class View>
void device(Archive& archive, View& view) {
  archive.value("name", view.name);
  archive.value("mount", view.mount);
  archive.word("state", view.state, device_state_words);
  archive.value("text", view.text);
  archive.devices("devices", view.devices);
  archive.value("cautions", view.cautions);
  archive.value("total_iops", view.total_iops);
  archive.value("used_read_iops", view.used.read_iops);
  archive.value("used_write_iops", view.used.write_iops);
  archive.value("lent_read_iops", view.lent.read_iops);
  archive.value("lent_write_iops", view.lent.write_iops);
  archive.value("cut_read_iops", view.cut.read_iops);
  archive.value("cut_write_iops", view.cut.write_iops);
}

template <class Archive, class View>
void total(Archive& archive, View& view) {
  archive.value("cgroup", view.cgroup);
  archive.value("rules", view.rules);
}

template <class Archive, class View>
void container(Archive& archive, View& view) {
  archive.value("id", view.path.id);
  archive.value("name", view.name);
  archive.value("pod", view.pod);
  archive.value("namespace", view.pod_namespace);
  archive.value("pod_uid", view.path.pod_uid);
  archive.word("qos", view.path.qos, classes);
  archive.word("runtime", view.path.runtime, runtimes);
  archive.value("image", view.image);
  archive.value("cgroup", view.path.cgroup);
  archive.word("state", view.state, state_words);
  archive.value("paused_until", view.paused_until);
  archive.value("rules", view.rules);
  archive.value("configured", view.configured);
  archive.value("lends_read_iops", view.lends_read_iops);
  archive.value("lends_write_iops", view.lends_write_iops);
  archive.value("at_limit_read_msec", view.at_limit_read_msec);
  archive.value("at_limit_write_msec", view.at_limit_write_msec);
  archive.value("at_limit_day_msec", view.at_limit_day_msec);
  archive.value("reason", view.reason);
  archive.value("error", view.error);
}

template <class Archive, class View>
void advised(Archive& archive, const std::string& way, View& view) {
  archive.value(way + "_limit", view.limit);
  archive.value(way + "_p50", view.p50);
  archive.value(way + "_p95", view.p95);
  archive.value(way + "_p99", view.p99);
  archive.value(way + "_at_limit_permille", view.at_limit_permille);
  archive.value(way + "_capped", view.capped);
  archive.value(way + "_low", view.low);
  archive.value(way + "_target", view.target);
  archive.value(way + "_high", view.high);
}

template <class Archive, class View>
void advice(Archive& archive, View& view) {
  archive.value("total", view.total);
  archive.value("namespace", view.pod_namespace);
  archive.value("workload", view.workload);
  archive.value("container", view.container);
  archive.value("pods", view.pods);
  archive.value("observed_seconds", view.observed_seconds);
  archive.value("early", view.early);
  archive.value("exempt", view.exempt);
  advised(archive, "read", view.read);
  advised(archive, "write", view.write);
}

}  // namespace

Fields fields_of(const Summary& summary) {
  FieldWriter writer;
  service(writer, summary.snapshot);
  for (const auto& [state, name] : state_words)
    writer.value(name, summary.counts[static_cast<std::size_t>(state)]);
  writer.value("waiting", summary.snapshot.waiting());
  return std::move(writer.fields);
}

Fields fields_of(const DeviceView& view) {
  FieldWriter writer;
  device(writer, view);
  return std::move(writer.fields);
}

Fields fields_of(const TotalView& view) {
  FieldWriter writer;
  total(writer, view);
  return std::move(writer.fields);
}

Fields fields_of(const WorkloadView& view) {
  FieldWriter writer;
  container(writer, view);
  return std::move(writer.fields);
}

Fields fields_of(const PodView& pod) {
  FieldWriter writer;
  writer.value("pod", pod.pod);
  writer.value("namespace", pod.pod_namespace);
  writer.value("pod_uid", pod.uid);
  writer.word("qos", pod.qos, classes);
  writer.value("cgroup", pod.cgroup);
  writer.value("containers",
               std::accumulate(pod.counts.begin(), pod.counts.end(), std::uint64_t{0}));
  for (const auto& [state, name] : state_words)
    writer.value(name, pod.counts[static_cast<std::size_t>(state)]);
  return std::move(writer.fields);
}

Fields fields_of(const Advice& view) {
  FieldWriter writer;
  advice(writer, view);
  return std::move(writer.fields);
}

void read_fields(const Fields& fields, Snapshot& snapshot) {
  FieldReader reader(fields);
  service(reader, snapshot);
}

void read_fields(const Fields& fields, DeviceView& view) {
  FieldReader reader(fields);
  device(reader, view);
}

void read_fields(const Fields& fields, TotalView& view) {
  FieldReader reader(fields);
  total(reader, view);
}

void read_fields(const Fields& fields, WorkloadView& view) {
  FieldReader reader(fields);
  container(reader, view);
  view.path.kind = view.path.id.empty() ? CgroupKind::pod : CgroupKind::container;
}

void read_fields(const Fields& fields, Advice& view) {
  FieldReader reader(fields);
  advice(reader, view);
}

const FieldValue* find_field(const Fields& fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &Field::name);
  return found == fields.end() ? nullptr : &found->value;
}

std::string field_of_bus_name(std::string_view name) {
  std::string field;
  for (const char c : name) {
    const bool up = c >= 'A' && c <= 'Z';
    if (up && !field.empty()) field += '_';
    field += up ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return field;
}

}  // namespace iopslimit
