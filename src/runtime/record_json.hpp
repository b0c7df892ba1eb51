// SPDX-License-Identifier: Apache-2.0
// JSON functions for the records of all runtimes, built on simdjson. Only record*.cpp and the files
// of the runtimes include this.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

#include "runtime/record.hpp"

namespace iopslimit {

struct RecordParser::Buffers {
  simdjson::dom::parser json;
  simdjson::dom::parser metadata;  // podman's JSON within JSON, while `json` is in use
  Record::Pairs annotations;       // CRI-O: the last container's annotations that have the key of a
                                   // requested label
};

namespace record_json {

using Object = simdjson::dom::object;

/// Parses `text` in place (it grows by padding). Returns nullptr, or the reason if it is not JSON.
const char* parse(simdjson::dom::parser& parser, std::string& text, simdjson::dom::element& root);

/// Like parse(), for a text whose root is an object.
const char* parse_object(simdjson::dom::parser& parser, std::string& text, Object& object);

/// The annotations of an OCI config.json. If there are none, `why` is null and `found` is false.
struct Annotations {
  const char* why = nullptr;
  bool found = false;
  Object pairs;
};
Annotations parse_annotations(simdjson::dom::parser& parser, std::string& text);

/// The text at `key`; empty if it is absent or not a string (the runtimes write only strings).
std::string text_of(const Object& pairs, std::string_view key);
/// Like text_of() without a copy: valid until the parser parses the next text.
std::string_view view_of(const Object& pairs, std::string_view key);

/// The pairs whose key is one of `keys`.
Record::Pairs labels_of(const Object& pairs, const std::vector<std::string>& keys);
/// The pairs whose key consists of `before`, a requested prefix, '/' and at least one more
/// character. `before` is removed from the keys.
Record::Pairs annotations_of(const Object& pairs, const RecordRequest& request,
                             std::string_view before = {});

}  // namespace record_json
}  // namespace iopslimit
