// SPDX-License-Identifier: Apache-2.0
// Turns the text of one value, as an operator wrote it, into a checked value.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cgroup/path.hpp"
#include "config/problem.hpp"

namespace iopslimit {

// Every parse_* function sets `value`; or it returns a problem, and `value` must not be used.

/// IOPS: 0 (unlimited) or 2 to max_iops.
[[nodiscard]] std::optional<Problem> parse_iops(std::string_view text, std::uint64_t& value);

/// Bytes per second: 0 (unlimited) or 2 to max_bps, with an optional suffix K, M or G (1024).
[[nodiscard]] std::optional<Problem> parse_bps(std::string_view text, std::uint64_t& value);

/// Seconds: 0 (off) to 86400.
[[nodiscard]] std::optional<Problem> parse_seconds(std::string_view text,
                                                   std::chrono::seconds& value);

/// "24h" or "7d": 1h to 30d.
[[nodiscard]] std::optional<Problem> parse_half_life(std::string_view text,
                                                     std::chrono::seconds& value);

/// A whole percentage, with or without '%': 0 to 50.
[[nodiscard]] std::optional<Problem> parse_headroom(std::string_view text, std::uint64_t& value);

/// A weight: 1 to 10000.
[[nodiscard]] std::optional<Problem> parse_weight(std::string_view text, std::uint64_t& value);

/// yes, true, on, 1 or no, false, off, 0.
[[nodiscard]] std::optional<Problem> parse_boolean(std::string_view text, bool& value);

/// Words separated by commas. Empty words are dropped; a text without words is an empty list. A
/// word must not contain white space: no Kubernetes name contains any, so a comma was forgotten.
[[nodiscard]] std::optional<Problem> parse_words(std::string_view text,
                                                 std::vector<std::string>& value);

/// An absolute path, normalised: without trailing or double slashes and without "." parts. ".." is
/// refused, because a link before it may lead elsewhere.
[[nodiscard]] std::optional<Problem> parse_path(std::string_view text, std::string& value);

/// Paths separated by commas. A text without paths is an empty list.
[[nodiscard]] std::optional<Problem> parse_paths(std::string_view text,
                                                 std::vector<std::string>& value);

/// A name that becomes one part of a path: letters, digits, '.', '_' and '-'; it begins with a
/// letter or a digit.
[[nodiscard]] std::optional<Problem> parse_name(std::string_view text, std::string& value);

/// Such names separated by commas, at least one.
[[nodiscard]] std::optional<Problem> parse_names(std::string_view text,
                                                 std::vector<std::string>& value);

/// Prefixes of annotation names (the part before the '/'), separated by commas. Empty = off.
[[nodiscard]] std::optional<Problem> parse_prefixes(std::string_view text,
                                                    std::vector<std::string>& value);

/// "auto", "no", or the absolute path of a socket.
[[nodiscard]] std::optional<Problem> parse_socket(std::string_view text, std::string& value);

/// An absolute path that ends in .prom, because the textfile collector reads no other file. Empty =
/// off.
[[nodiscard]] std::optional<Problem> parse_metrics(std::string_view text, std::string& value);

/// An absolute path to a file that node-feature-discovery reads: it passes over names that begin
/// with a '.'. Empty = off.
[[nodiscard]] std::optional<Problem> parse_features(std::string_view text, std::string& value);

/// docker and podman, separated by a comma. Empty = neither.
[[nodiscard]] std::optional<Problem> parse_standalone(std::string_view text, Standalone& value);

/// A pattern for a name (fnmatch(3)). It must not be empty.
[[nodiscard]] std::optional<Problem> parse_glob(std::string_view text, std::string& value);

/// The word for an enumerator in the configuration.
template <typename Enum>
struct EnumWord {
  std::string_view word;
  Enum value;
};

/// The error text for a word that is none of `accepted`.
[[nodiscard]] Problem unknown_word(std::string_view text,
                                   const std::vector<std::string_view>& accepted);

/// One of `words`, spelled exactly.
template <typename Enum>
[[nodiscard]] std::optional<Problem> parse_enum(std::string_view text,
                                                const std::vector<EnumWord<Enum>>& words,
                                                Enum& value) {
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
