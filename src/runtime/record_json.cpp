// SPDX-License-Identifier: Apache-2.0
#include "runtime/record_json.hpp"

#include <algorithm>
#include <cstring>

namespace iopslimit::record_json {
namespace {

// The capacity, in bytes of text, that a parser has at least, and the largest that it keeps from
// one record to the next.
constexpr std::size_t least_capacity = 64U << 10;
constexpr std::size_t kept_capacity = 1U << 20;

// Cut values end in dots, so that no cut value is another valid one: 0...05 must not be read as 0.
std::string kept_value(std::string_view value) {
  if (value.size() <= Record::max_value) return std::string(value);
  std::size_t end = Record::max_value - 3;
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

bool is_escaped(std::string_view text) {
  return text.find('\\') != std::string_view::npos;
}

const std::pair<std::string_view, std::string_view>* find(const Pairs& pairs,
                                                          std::string_view key) {
  for (const auto& pair : pairs) {
    if (pair.first == key) return &pair;
  }
  return nullptr;
}

}  // namespace

error_code read_text(Value& value, std::string_view& text) {
  const std::string_view token = value.raw_json_token();  // reaches to the next one
  if (!token.starts_with('"')) return simdjson::SUCCESS;
  const std::string_view raw = token.substr(1, token.rfind('"') - 1);
  if (is_escaped(raw)) return value.get_string().get(text);
  text = raw;
  return simdjson::SUCCESS;
}

error_code read_key(simdjson::ondemand::field& member, std::string_view& key) {
  const char* raw = member.key().raw();
  const char* end = std::strchr(raw, '"');  // a NUL byte in a string would be an error already
  if (end == nullptr) return simdjson::STRING_ERROR;
  key = {raw, end};
  return is_escaped(key) ? member.unescaped_key().get(key) : simdjson::SUCCESS;
}

error_code read_pairs(Value& value, Pairs& pairs) {
  pairs.clear();
  simdjson::ondemand::object object;
  if (const error_code error = value.get_object().get(object)) return error;
  return for_each_member(object, [&pairs](std::string_view key, Value& member) {
    std::string_view text;
    const error_code error = read_text(member, text);
    if (text.data() != nullptr) pairs.emplace_back(key, text);
    return error;
  });
}

error_code Reader::parse(const FileText& text) {
  static_assert(FileText::padding >= simdjson::SIMDJSON_PADDING);
  const std::string_view view = text.view();
  if (parser_.capacity() > kept_capacity) parser_ = simdjson::ondemand::parser();
  if (parser_.capacity() < view.size() || parser_.capacity() == 0) {
    const std::size_t capacity = std::max(least_capacity, view.size() + view.size() / 2);
    if (const error_code error = parser_.allocate(capacity)) return error;
  }
  return parser_.iterate(view, view.size() + FileText::padding).get(document_);
}

error_code Reader::find_member(std::string_view key, Value& value) {
  simdjson::ondemand::object object;
  if (const error_code error = document_.get_object().get(object)) return error;
  const error_code error = object.find_field(key).get(value);
  const bool cut = error == simdjson::NO_SUCH_FIELD && at_end() != simdjson::SUCCESS;
  return cut ? simdjson::TAPE_ERROR : error;
}

error_code Reader::at_end() {
  const bool over = document_.current_location().error() == simdjson::OUT_OF_BOUNDS;
  return over ? simdjson::SUCCESS : simdjson::TAPE_ERROR;
}

const char* reason_of(error_code error) {
  if (error == simdjson::SUCCESS) return nullptr;
  return error == simdjson::INCORRECT_TYPE ? "not a JSON object" : simdjson::error_message(error);
}

const char* read_annotations(Buffers& buffers, const FileText& text) {
  buffers.pairs.clear();
  Value annotations;
  error_code error = buffers.reader.parse(text);
  if (error == simdjson::SUCCESS) error = buffers.reader.find_member("annotations", annotations);
  if (error == simdjson::NO_SUCH_FIELD) return nullptr;
  if (error != simdjson::SUCCESS) return reason_of(error);
  error = read_pairs(annotations, buffers.pairs);
  return error == simdjson::INCORRECT_TYPE ? "\"annotations\" is not an object" : reason_of(error);
}

std::string_view view_of(const Pairs& pairs, std::string_view key) {
  const auto* pair = find(pairs, key);
  return pair != nullptr ? pair->second : std::string_view();
}

Record::Pairs labels_of(const Pairs& pairs, const std::vector<std::string>& keys) {
  Record::Pairs found;
  for (const std::string& key : keys) {
    if (const auto* pair = find(pairs, key)) found.emplace_back(key, kept_value(pair->second));
  }
  sort_by_key(found);
  return found;
}

Record::Pairs annotations_of(const Pairs& pairs, const RecordRequest& request,
                             std::string_view before) {
  Record::Pairs found;
  if (request.annotation_prefixes.empty()) return found;
  for (auto [key, value] : pairs) {
    if (!key.starts_with(before)) continue;
    key.remove_prefix(before.size());
    if (is_wished(key, request.annotation_prefixes))
      found.emplace_back(std::string(key), kept_value(value));
  }
  sort_by_key(found);
  if (found.size() > Record::max_annotations) found.resize(Record::max_annotations);
  return found;
}

}  // namespace iopslimit::record_json
