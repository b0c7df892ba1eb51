// SPDX-License-Identifier: Apache-2.0
// podman's records: entries of the list that containers/storage keeps (containers.go there). podman
// adds its own data as JSON in "metadata" (podman, libpod/storage.go).
#include "runtime/record_json.hpp"

namespace iopslimit {
namespace {

using record_json::Object;
using record_json::text_of;
using record_json::view_of;

std::string first_name(const Object& entry) {
  simdjson::dom::array names;
  std::string_view name;
  if (entry.at_key("names").get(names) != simdjson::SUCCESS) return {};
  if (names.at(0).get(name) != simdjson::SUCCESS) return {};
  return std::string(name);
}

Record read_entry(const Object& entry, simdjson::dom::parser& parser) {
  Record record{.runtime = RuntimeHint::podman};
  std::string text = text_of(entry, "metadata");
  Object metadata;
  if (record_json::parse_object(parser, text, metadata) == nullptr) {
    record.name = text_of(metadata, "name");
    record.image = text_of(metadata, "image-name");
  }
  if (record.name.empty()) record.name = first_name(entry);
  return record;
}

}  // namespace

RecordAnswer RecordParser::parse_podman(std::string& text, std::string_view id) {
  simdjson::dom::element root;
  if (const char* why = record_json::parse(buffers_->json, text, root)) return BadRecord{why};
  simdjson::dom::array list;
  if (root.get(list) != simdjson::SUCCESS) return BadRecord{"not a JSON array"};
  for (const auto element : list) {
    Object entry;
    if (element.get(entry) != simdjson::SUCCESS) return BadRecord{"an entry is not an object"};
    if (view_of(entry, "id") == id) return read_entry(entry, buffers_->metadata);
  }
  return NoRecord{};
}

}  // namespace iopslimit
