// SPDX-License-Identifier: Apache-2.0
// Writes a view's values to fields, and reads them back. Both classes have the same functions, so
// that one list of names serves both.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "api/snapshot.hpp"
#include "api/snapshot_fields.hpp"

namespace iopslimit {

/// Appends to `fields`.
class FieldWriter {
 public:
  template <class Value>
  void value(std::string_view name, const Value& value) {
    fields.push_back({std::string(name), value});
  }
  void value(std::string_view name, const SharedText& text) { value(name, text.str()); }
  void devices(std::string_view name, const std::vector<Devnum>& devices) {
    std::vector<std::string> texts;
    texts.reserve(devices.size());
    for (const Devnum device : devices) texts.push_back(to_string(device));
    value(name, texts);
  }
  template <class Enum, std::size_t size>
  void word(std::string_view name, Enum one,
            const std::array<std::pair<Enum, std::string_view>, size>& words) {
    value(name, std::string(word_of(one, words)));
  }
  Fields fields;
};

/// A value whose field is missing, or of another type, is left as it is.
class FieldReader {
 public:
  explicit FieldReader(const Fields& fields) : fields_(fields) {}
  /// False if there is no such field.
  template <class Value>
  bool value(std::string_view name, Value& value) {
    const FieldValue* field = find_field(fields_, name);
    const Value* found = field == nullptr ? nullptr : std::get_if<Value>(field);
    if (found != nullptr) value = *found;
    return found != nullptr;
  }
  bool value(std::string_view name, SharedText& text) {
    std::string plain;
    const bool found = value(name, plain);
    if (found) text = std::move(plain);
    return found;
  }
  void devices(std::string_view name, std::vector<Devnum>& devices) {
    std::vector<std::string> texts;
    value(name, texts);
    for (const std::string& text : texts) {
      if (const auto device = parse_devnum(text)) devices.push_back(*device);
    }
  }
  template <class Enum, std::size_t size>
  void word(std::string_view name, Enum& one,
            const std::array<std::pair<Enum, std::string_view>, size>& words) {
    std::string text;
    value(name, text);
    const auto found = std::ranges::find(words, text, &std::pair<Enum, std::string_view>::second);
    if (found != words.end()) one = found->first;
  }

 private:
  const Fields& fields_;
};

}  // namespace iopslimit
