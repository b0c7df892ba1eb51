// SPDX-License-Identifier: Apache-2.0
#include "core/record.hpp"

#include <simdjson.h>

namespace iopslimit {
namespace {

namespace dom = simdjson::dom;

// An annotation's text; empty when it is absent or no string (the runtime writes strings only).
std::string text_of(dom::object annotations, std::string_view key) {
  std::string_view value;
  if (annotations.at_key(key).get(value) != simdjson::SUCCESS) return {};
  return std::string(value);
}

Record read_annotations(dom::object annotations) {
  return {.sandbox = text_of(annotations, "io.kubernetes.cri.container-type") == "sandbox",
          .name = text_of(annotations, "io.kubernetes.cri.container-name"),
          .image = text_of(annotations, "io.kubernetes.cri.image-name"),
          .pod = text_of(annotations, "io.kubernetes.cri.sandbox-name"),
          .pod_namespace = text_of(annotations, "io.kubernetes.cri.sandbox-namespace"),
          .sandbox_id = text_of(annotations, "io.kubernetes.cri.sandbox-id")};
}

}  // namespace

struct RecordParser::Buffers {
  dom::parser json;
};

// What the parser may keep from one record to the next, in bytes of text.
static constexpr std::size_t kept_capacity = 1U << 20;

RecordParser::RecordParser() : buffers_(std::make_unique<Buffers>()) {}
RecordParser::~RecordParser() = default;

RecordAnswer RecordParser::parse_containerd(std::string& text) {
  text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  if (buffers_->json.capacity() > kept_capacity) buffers_->json = dom::parser();
  dom::element root;
  const auto error = buffers_->json.parse(text.data(), text.size(), false).get(root);
  if (error != simdjson::SUCCESS) return BadRecord{simdjson::error_message(error)};
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS) return BadRecord{"not a JSON object"};
  dom::element annotations;
  if (object.at_key("annotations").get(annotations) != simdjson::SUCCESS) return Record{};
  dom::object pairs;
  if (annotations.get(pairs) != simdjson::SUCCESS)
    return BadRecord{"\"annotations\" is not an object"};
  return read_annotations(pairs);
}

}  // namespace iopslimit
