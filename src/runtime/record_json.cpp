// SPDX-License-Identifier: Apache-2.0
#include "runtime/record_json.hpp"

#include <algorithm>
#include <utility>

namespace iopslimit::record_json {
namespace {

// The largest capacity, in bytes of text, that a parser keeps from one record to the next.
constexpr std::size_t kept_capacity = 1U << 20;

// Cut values end in dots, so that no cut value is another valid one: 0...05 must not be read as 0.
std::string kept_value(std::string_view value) {
  if (value.size() <= RecordParser::max_value) return std::string(value);
  std::size_t end = RecordParser::max_value - 3;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0U) == 0x80U) --end;
  return std::string(value.substr(0, end)) + "...";
}

void sort_by_key(Record::Pairs& pairs) {
  using Pair = Record::Pairs::value_type;
  std::ranges::stable_sort(pairs, {}, &Pair::first);
  const auto same_key = [](const Pair& a, const Pair& b) { return a.first == b.first; };
  pairs.erase(std::unique(pairs.begin(), pairs.end(), same_key), pairs.end());
}

bool is_wished(std::string_view key, const std::vector<std::string>& prefixes) {
  return std::ranges::any_of(prefixes, [key](const std::string& prefix) {
    return key.size() > prefix.size() + 1 && key.starts_with(prefix) && key[prefix.size()] == '/';
  });
}

}  // namespace

const char* parse(simdjson::dom::parser& parser, std::string& text, simdjson::dom::element& root) {
  if (parser.capacity() > kept_capacity) parser = simdjson::dom::parser();
  // simdjson reads past the end and branches on the bytes there, although they do not change its
  // result.
  const std::size_t size = text.size();
  text.resize(size + simdjson::SIMDJSON_PADDING);
  const auto error = parser.parse(text.data(), size, false).get(root);
  text.resize(size);
  return error == simdjson::SUCCESS ? nullptr : simdjson::error_message(error);
}

const char* parse_object(simdjson::dom::parser& parser, std::string& text, Object& object) {
  simdjson::dom::element root;
  if (const char* why = parse(parser, text, root)) return why;
  return root.get(object) == simdjson::SUCCESS ? nullptr : "not a JSON object";
}

Annotations parse_annotations(simdjson::dom::parser& parser, std::string& text) {
  Annotations annotations;
  Object spec;
  annotations.why = parse_object(parser, text, spec);
  simdjson::dom::element member;
  if (annotations.why != nullptr || spec.at_key("annotations").get(member) != simdjson::SUCCESS)
    return annotations;
  annotations.found = member.get(annotations.pairs) == simdjson::SUCCESS;
  if (!annotations.found) annotations.why = "\"annotations\" is not an object";
  return annotations;
}

std::string_view view_of(const Object& pairs, std::string_view key) {
  std::string_view value;
  return pairs.at_key(key).get(value) == simdjson::SUCCESS ? value : std::string_view();
}

std::string text_of(const Object& pairs, std::string_view key) {
  return std::string(view_of(pairs, key));
}

Record::Pairs labels_of(const Object& pairs, const std::vector<std::string>& keys) {
  Record::Pairs found;
  for (const std::string& key : keys) {
    std::string_view value;
    if (pairs.at_key(key).get(value) == simdjson::SUCCESS)
      found.emplace_back(key, kept_value(value));
  }
  sort_by_key(found);
  return found;
}

Record::Pairs annotations_of(const Object& pairs, const RecordRequest& request,
                             std::string_view before) {
  Record::Pairs found;
  if (request.annotation_prefixes.empty()) return found;
  for (const auto pair : pairs) {
    std::string_view key = pair.key;
    std::string_view value;
    if (!key.starts_with(before)) continue;
    key.remove_prefix(before.size());
    if (is_wished(key, request.annotation_prefixes) && pair.value.get(value) == simdjson::SUCCESS)
      found.emplace_back(std::string(key), kept_value(value));
  }
  sort_by_key(found);
  if (found.size() > RecordParser::max_annotations) found.resize(RecordParser::max_annotations);
  return found;
}

}  // namespace iopslimit::record_json
