// SPDX-License-Identifier: Apache-2.0
#include "runtime/podman.hpp"

#include "runtime/record_json.hpp"

namespace iopslimit {

using record_json::error_code;
using record_json::Value;

namespace {

struct Entry {
  std::string_view id;
  std::string_view first_name;
  std::string_view metadata;
};

constexpr const char* no_object = "an entry is not an object";

bool may_be_podmans(const ContainerPath& container) {
  return may_have_record(container, RuntimeType::automatic, RuntimeHint::podman);
}

error_code read_first(Value& list, std::string_view& text) {
  simdjson::ondemand::array array;
  const error_code error = list.get_array().get(array);
  if (error == simdjson::INCORRECT_TYPE) return simdjson::SUCCESS;
  if (error != simdjson::SUCCESS) return error;
  for (auto next : array) {
    Value element;
    // NOLINTNEXTLINE(performance-move-const-arg): get() is for rvalues only
    if (const error_code bad = std::move(next).get(element)) return bad;
    return record_json::read_text(element, text);
  }
  return simdjson::SUCCESS;
}

error_code read_entry(Value& value, Entry& entry) {
  simdjson::ondemand::object object;
  if (const error_code error = value.get_object().get(object)) return error;
  return record_json::for_each_member(object, [&entry](std::string_view key, Value& member) {
    if (key == "id") return record_json::read_text(member, entry.id);
    if (key == "metadata") return record_json::read_text(member, entry.metadata);
    return key == "names" ? read_first(member, entry.first_name) : simdjson::SUCCESS;
  });
}

}  // namespace

PodmanSource::PodmanSource(const std::vector<std::string>& storages)
    : reader_(std::make_unique<record_json::Reader>()),
      metadata_reader_(std::make_unique<record_json::Reader>()) {
  for (const std::string& storage : storages) {
    for (const char* list : {"containers.json", "volatile-containers.json"})
      files_.add(storage, "overlay-containers", nullptr, list);
  }
}

PodmanSource::~PodmanSource() = default;

RecordAnswer PodmanSource::read(const ContainerPath& container) {
  if (!may_be_podmans(container)) return NoRecord{};
  return files_.read({}, [&](const FileText& text) { return parse(text, container.id); });
}

std::vector<RecordFile> PodmanSource::awaited_files(const ContainerPath& container) const {
  return may_be_podmans(container) ? files_.files_of({}) : std::vector<RecordFile>();
}

// Adds image and name from the JSON within the JSON, if it is usable.
void PodmanSource::read_metadata(Record& record, std::string_view json) {
  const FileText text(json);
  if (metadata_reader_->parse(text) != simdjson::SUCCESS) return;
  std::string_view name;
  std::string_view image;
  const error_code error = metadata_reader_->read_object([&](std::string_view key, Value& value) {
    if (key == "name") return record_json::read_text(value, name);
    return key == "image-name" ? record_json::read_text(value, image) : simdjson::SUCCESS;
  });
  if (error != simdjson::SUCCESS) return;
  record.name = name;
  record.image = image;
}

RecordAnswer PodmanSource::parse(const FileText& text, std::string_view id) {
  RecordAnswer answer = NoRecord{};
  bool is_list = false;
  error_code error = reader_->parse(text);
  if (error == simdjson::SUCCESS) {
    error = reader_->read_list([&](Value& element) {
      is_list = true;
      Entry entry;
      const error_code failed = read_entry(element, entry);
      if (failed != simdjson::SUCCESS || answer.index() != 0 || entry.id != id) return failed;
      auto& record = answer.emplace<Record>(Record{.runtime = RuntimeHint::podman});
      read_metadata(record, entry.metadata);
      if (record.name.empty()) record.name = entry.first_name;
      return failed;
    });
  }
  if (error == simdjson::INCORRECT_TYPE) return BadRecord{is_list ? no_object : "not a JSON array"};
  if (error != simdjson::SUCCESS) return BadRecord{record_json::reason_of(error)};
  return answer;
}

}  // namespace iopslimit
