// SPDX-License-Identifier: Apache-2.0
// JSON functions for the records of all runtimes, built on simdjson's On-Demand parser, which takes
// apart only the members that are asked for. Only the runtimes' own files include this.
#pragma once

#include <simdjson.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loop/file.hpp"
#include "runtime/json_sieve.hpp"
#include "runtime/record.hpp"

namespace iopslimit::record_json {

using Value = simdjson::ondemand::value;
using simdjson::error_code;

/// The members of a JSON object whose values are strings, in the order of the text. The runtimes
/// write only strings, so others count as absent. The views are valid until the next text is read
/// or parsed.
using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

/// Sets `text` to the string that `value` is; leaves it unchanged if it is of another type.
error_code read_text(Value& value, std::string_view& text);

/// Sets `key` to the key of a member.
error_code read_key(simdjson::ondemand::field& member, std::string_view& key);

/// Calls `take(key, value)` for each member of an object, until it returns an error.
template <typename Take>
error_code for_each_member(simdjson::ondemand::object object, Take take) {
  for (auto next : object) {
    simdjson::ondemand::field member;
    if (const error_code error = std::move(next).get(member)) return error;
    std::string_view key;
    if (const error_code error = read_key(member, key)) return error;
    if (const error_code error = take(key, member.value())) return error;
  }
  return simdjson::SUCCESS;
}

/// Replaces `pairs` with the members of an object. The result is INCORRECT_TYPE if `value` is
/// something else.
error_code read_pairs(Value& value, Pairs& pairs);

/// Keeps the memory of the parser from one text to the next.
class Reader {
 public:
  /// Parses `text`; the functions that follow read it from its beginning to its end.
  error_code parse(const FileText& text);

  /// Finds a member of the object that the text is, and reads no further. NO_SUCH_FIELD means that
  /// the text is whole and has none; the other results are those of read_object().
  error_code find_member(std::string_view key, Value& value);

  /// Calls `take(key, value)` for each member of the object that the text is. The result is
  /// INCORRECT_TYPE if it is something else. A text that ends too early is always an error.
  template <typename Take>
  error_code read_object(Take take) {
    simdjson::ondemand::object object;
    if (const error_code error = document_.get_object().get(object)) return error;
    if (const error_code error = for_each_member(object, take)) return error;
    return at_end();
  }

  /// Calls `take(value)` for each element of the list that the text is; else like read_object().
  template <typename Take>
  error_code read_list(Take take) {
    simdjson::ondemand::array list;
    if (const error_code error = document_.get_array().get(list)) return error;
    for (auto next : list) {
      Value element;
      // NOLINTNEXTLINE(performance-move-const-arg): get() is for rvalues only
      if (const error_code error = std::move(next).get(element)) return error;
      if (const error_code error = take(element)) return error;
    }
    return at_end();
  }

 private:
  error_code at_end();

  simdjson::ondemand::parser parser_;
  simdjson::ondemand::document document_;
};

/// What a source keeps from one text to the next.
struct Buffers {
  Reader reader;
  Pairs pairs;
};

/// The members of an OCI config.json that read_annotations() takes.
inline constexpr std::array<KeptMember, 1> oci_members{{{"annotations"}}};

/// Reads the annotations of an OCI config.json into `buffers.pairs`, which is empty if it has none.
/// Returns nullptr, or the reason if the text cannot be used. What follows the annotations (with
/// the system call filter most of the text) is not taken apart: even if it is cut off, they are
/// whole.
const char* read_annotations(Buffers& buffers, const FileText& text);

/// Why a text whose root must be an object cannot be used.
const char* reason_of(error_code error);

/// The text at `key`, of which the first counts; empty if it is absent.
std::string_view view_of(const Pairs& pairs, std::string_view key);
inline std::string text_of(const Pairs& pairs, std::string_view key) {
  return std::string(view_of(pairs, key));
}

/// The pairs whose key is one of `keys`.
Record::Pairs labels_of(const Pairs& pairs, const std::vector<std::string>& keys);
/// The pairs whose key consists of `before`, a requested prefix, '/' and at least one more
/// character. `before` is removed from the keys.
Record::Pairs annotations_of(const Pairs& pairs, const RecordRequest& request,
                             std::string_view before = {});

}  // namespace iopslimit::record_json
