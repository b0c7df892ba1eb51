// SPDX-License-Identifier: Apache-2.0
// What the records of all runtimes are read with: simdjson's tree, and the pairs wished for. Only
// record*.cpp include this.
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
  Record::Pairs annotations;  // CRI-O: of the last container's, those with a wished label's key
};

namespace record_json {

using Object = simdjson::dom::object;

/// Parses `text` in place (it grows by padding); why not, when it is not JSON.
const char* parse(simdjson::dom::parser& parser, std::string& text, simdjson::dom::element& root);

/// As parse(), for a text whose top is an object.
const char* parse_object(simdjson::dom::parser& parser, std::string& text, Object& object);

/// An OCI config.json's annotations: empty `why` and no `found` when there are none.
struct Annotations {
  const char* why = nullptr;
  bool found = false;
  Object pairs;
};
Annotations parse_annotations(simdjson::dom::parser& parser, std::string& text);

/// The text at `key`; empty when it is absent or no string (the runtimes write strings only).
std::string text_of(const Object& pairs, std::string_view key);
/// The same without a copy: valid until the parser's next text.
std::string_view view_of(const Object& pairs, std::string_view key);

/// The pairs whose key is one of `keys`.
Record::Pairs labels_of(const Object& pairs, const std::vector<std::string>& keys);
/// The pairs whose key is `before`, a wished prefix, '/' and more; the keys without `before`.
Record::Pairs annotations_of(const Object& pairs, const RecordRequest& request,
                             std::string_view before = {});

}  // namespace record_json
}  // namespace iopslimit
