// SPDX-License-Identifier: Apache-2.0
// Fuzz bytes as the text of a record: as they are, or as the keys and values of an object, so that
// more than the JSON parser is reached.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "loop/file.hpp"
#include "runtime/record.hpp"

namespace iopslimit {

inline const RecordRequest fuzz_wish{.labels = {"team", "tier"},
                                     .annotation_prefixes = {"example.org", "x"}};

inline void must(bool truth) {
  if (!truth) std::abort();
}

/// A JSON string of any bytes but those that JSON forbids.
inline std::string quoted(std::string_view text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    json += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return json + "\"";
}

/// Each line of `text` is a pair: its first byte chooses the key, past the last one the line itself
/// is the key; the rest is the value, a number when it starts with '#'.
inline std::string object_of(std::string_view text, std::span<const std::string_view> keys) {
  std::string json = "{";
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty()) continue;
    const std::size_t selector = static_cast<unsigned char>(line[0]) % (keys.size() + 1);
    const std::string_view value = line.substr(1);
    json += json.size() > 1 ? "," : "";
    json += quoted(selector < keys.size() ? keys[selector] : value) + ":";
    json += value.starts_with('#') ? "1" : quoted(value);
  }
  return json + "}";
}

/// What every parser promises.
inline void check(const RecordAnswer& answer, RuntimeHint runtime) {
  if (const auto* bad = std::get_if<BadRecord>(&answer)) must(!bad->why.empty());
  const auto* record = std::get_if<Record>(&answer);
  if (record == nullptr) return;
  must(record->runtime == runtime && !record->incomplete);
  must(record->labels.size() <= fuzz_wish.labels.size());
  must(record->annotations.size() <= Record::max_annotations);
  for (const Record::Pairs& pairs : {record->labels, record->annotations}) {
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      must(pairs[i].second.size() <= Record::max_value);
      must(i == 0 || pairs[i - 1].first < pairs[i].first);
    }
  }
  for (const auto& label : record->labels) must(label.first == "team" || label.first == "tier");
  for (const auto& one : record->annotations)
    must(one.first.starts_with("example.org/") || one.first.starts_with("x/"));
}

/// What CriSource promises.
template <typename Source>
void check_sandbox(const Source& source, const RecordAnswer& answer) {
  const std::string_view sandbox = source.wanted_sandbox();
  must(sandbox.empty() || is_container_id(sandbox));
  const auto* record = std::get_if<Record>(&answer);
  must(sandbox.empty() || (record != nullptr && !record->sandbox));
}

}  // namespace iopslimit
