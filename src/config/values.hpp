// SPDX-License-Identifier: Apache-2.0
// One value of the configuration: the text an operator wrote in, a checked value out.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cgroup/path.hpp"

namespace iopslimit {

// Every parse_* returns an empty text and sets `value`, or returns what is wrong and what is
// accepted ("'5x' has 'x' after the number; write ...") and leaves `value` in a state that must not
// be used.

/// IOPS: 0 (unlimited) or 2 to max_iops.
[[nodiscard]] std::string parse_iops(std::string_view text, std::uint64_t& value);

/// Bytes per second: 0 (unlimited) or 2 to max_bps, with an optional suffix K, M or G (1024).
[[nodiscard]] std::string parse_bps(std::string_view text, std::uint64_t& value);

/// 0 (off) to 86400.
[[nodiscard]] std::string parse_seconds(std::string_view text, std::chrono::seconds& value);

/// yes, true, on, 1 or no, false, off, 0.
[[nodiscard]] std::string parse_boolean(std::string_view text, bool& value);

/// Words between commas; empty words are dropped, none at all is an empty list. A word may not hold
/// white space: it is in no name of Kubernetes, so a comma was forgotten.
[[nodiscard]] std::string parse_words(std::string_view text, std::vector<std::string>& value);

/// An absolute path, made plain: no trailing, double or "." parts. ".." is refused: a link before
/// it may lead elsewhere.
[[nodiscard]] std::string parse_path(std::string_view text, std::string& value);

/// Paths between commas; none at all is an empty list.
[[nodiscard]] std::string parse_paths(std::string_view text, std::vector<std::string>& value);

/// A name that becomes one part of a path: letters, digits, '.', '_', '-', a letter or digit first.
[[nodiscard]] std::string parse_name(std::string_view text, std::string& value);

/// Such names between commas, at least one.
[[nodiscard]] std::string parse_names(std::string_view text, std::vector<std::string>& value);

/// The parts of annotations' names before their '/', between commas; empty = off.
[[nodiscard]] std::string parse_prefixes(std::string_view text, std::vector<std::string>& value);

/// An absolute path that ends in .prom: the textfile collector reads no other file. Empty = off.
[[nodiscard]] std::string parse_metrics(std::string_view text, std::string& value);

/// docker and podman between commas; empty = neither.
[[nodiscard]] std::string parse_standalone(std::string_view text, Standalone& value);

/// A pattern for a name (fnmatch(3)); not empty.
[[nodiscard]] std::string parse_glob(std::string_view text, std::string& value);

/// A word an enumerator goes by in the configuration.
template <typename Enum>
struct EnumWord {
  std::string_view word;
  Enum value;
};

/// What is wrong with a word that is none of `accepted`.
[[nodiscard]] std::string unknown_word(std::string_view text,
                                       const std::vector<std::string_view>& accepted);

/// One of `words`, exactly.
template <typename Enum>
[[nodiscard]] std::string parse_enum(std::string_view text,
                                     const std::vector<EnumWord<Enum>>& words, Enum& value) {
  std::vector<std::string_view> accepted;
  for (const EnumWord<Enum>& one : words) {
    accepted.push_back(one.word);
    if (one.word != text) continue;
    value = one.value;
    return {};
  }
  return unknown_word(text, accepted);
}

}  // namespace iopslimit
