// SPDX-License-Identifier: Apache-2.0
#include "api/preview_view.hpp"

#include <optional>
#include <utility>

#include "api/field_archive.hpp"

namespace iopslimit {
namespace {

// A value that is not set has no field.
void value(FieldWriter& archive, const std::string& name, const std::optional<std::string>& text) {
  if (text) archive.value(name, *text);
}
void value(FieldReader& archive, const std::string& name, std::optional<std::string>& text) {
  std::string found;
  if (archive.value(name, found)) text = std::move(found);
}

template <class Archive, class Change>
void setting(Archive& archive, Change& change) {
  archive.value("section", change.section);
  archive.value("key", change.key);
  value(archive, "value_before", change.before);
  value(archive, "value_after", change.after);
  archive.value("where", change.where);
  archive.value("at_restart", change.at_restart);
}

template <class Archive, class Side>
void device_side(Archive& archive, const std::string& end, Side& side) {
  archive.value("mount" + end, side.mount);
  archive.word("state" + end, side.state, device_state_words);
  archive.value("text" + end, side.text);
  archive.devices("devices" + end, side.devices);
  archive.value("total_iops" + end, side.total_iops);
}

template <class Archive, class Change>
void changed_device(Archive& archive, Change& change) {
  archive.value("name", change.name);
  device_side(archive, "_before", change.before);
  device_side(archive, "_after", change.after);
}

template <class Archive, class Side>
void workload_side(Archive& archive, const std::string& end, Side& side) {
  archive.value("seen" + end, side.seen);
  archive.word("state" + end, side.state, state_words);
  archive.value("rules" + end, side.rules);
  archive.value("sharing" + end, side.sharing);
  archive.value("reason" + end, side.reason);
}

template <class Archive, class Change>
void changed_workload(Archive& archive, Change& change) {
  archive.value("id", change.id);
  archive.value("name", change.name);
  archive.value("pod", change.pod);
  archive.value("namespace", change.pod_namespace);
  archive.value("pod_uid", change.pod_uid);
  archive.value("cgroup", change.cgroup);
  workload_side(archive, "_before", change.before);
  workload_side(archive, "_after", change.after);
}

template <class Change>
void add(std::vector<Fields>& list, const char* kind, const std::vector<Change>& changes) {
  for (const Change& one : changes) {
    list.push_back({{"kind", std::string(kind)}});
    Fields fields = fields_of(one);
    list.back().insert(list.back().end(), fields.begin(), fields.end());
  }
}

}  // namespace

Fields fields_of(const KeyChange& change) {
  FieldWriter writer;
  setting(writer, change);
  return std::move(writer.fields);
}

Fields fields_of(const DeviceChange& change) {
  FieldWriter writer;
  changed_device(writer, change);
  return std::move(writer.fields);
}

Fields fields_of(const WorkloadChange& change) {
  FieldWriter writer;
  changed_workload(writer, change);
  return std::move(writer.fields);
}

std::vector<Fields> fields_of(const PreviewView& view) {
  std::vector<Fields> list;
  for (const std::string& note : view.notes)
    list.push_back({{"kind", std::string("note")}, {"text", note}});
  add(list, "setting", view.keys);
  add(list, "device", view.devices);
  add(list, "container", view.workloads);
  return list;
}

void read_fields(const Fields& fields, PreviewView& view) {
  FieldReader reader(fields);
  std::string kind;
  reader.value("kind", kind);
  if (kind == "note") reader.value("text", view.notes.emplace_back());
  if (kind == "setting") setting(reader, view.keys.emplace_back());
  if (kind == "device") changed_device(reader, view.devices.emplace_back());
  if (kind == "container") changed_workload(reader, view.workloads.emplace_back());
}

}  // namespace iopslimit
