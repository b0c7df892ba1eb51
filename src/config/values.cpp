// SPDX-License-Identifier: Apache-2.0
#include "config/values.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include "config/spelling.hpp"
#include "limit/limit.hpp"
#include "loop/token.hpp"

namespace iopslimit {
namespace {

std::vector<std::string_view> between_commas(std::string_view text) {
  std::vector<std::string_view> words;
  for (;;) {
    const std::size_t comma = text.find(',');
    const std::string_view word = trimmed(text.substr(0, comma));
    if (!word.empty()) words.push_back(word);
    if (comma == std::string_view::npos) return words;
    text.remove_prefix(comma + 1);
  }
}

std::string joined(const std::vector<std::string_view>& words) {
  std::string text;
  for (const std::string_view word : words) text.append(text.empty() ? "" : ", ").append(word);
  return text;
}

// How the messages describe a number.
struct NumberRule {
  std::uint64_t largest;
  std::string_view accepted;  // "0 for unlimited, or 2 to 4294967294"
  bool suffixes = false;      // K, M, G may follow
};

Problem too_large(std::string_view text, const NumberRule& rule) {
  return in_quotes(text) + " is too large: the largest is " + std::to_string(rule.largest) +
         "; write " + std::string(rule.accepted);
}

unsigned suffix_shift(std::string_view suffix) {
  if (suffix == "K") return 10;
  if (suffix == "M") return 20;
  return suffix == "G" ? 30 : 0;
}

std::optional<Problem> parse_number(std::string_view text, const NumberRule& rule,
                                    std::uint64_t& value) {
  const std::string write = "; write " + std::string(rule.accepted);
  if (text.empty()) return "has no value" + write;
  if (text.front() == '-') return in_quotes(text) + " is negative" + write;
  if (!is_digit(text.front())) return in_quotes(text) + " is not a number" + write;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  const std::string_view rest(result.ptr, static_cast<std::size_t>(end - result.ptr));
  const unsigned shift = rule.suffixes ? suffix_shift(rest) : 0;
  if (!rest.empty() && shift == 0) {
    return in_quotes(text) + " has " + in_quotes(rest) + " after the number" + write;
  }
  const bool overflow = result.ec != std::errc() || value > rule.largest >> shift;
  if (overflow) return too_large(text, rule);
  value <<= shift;
  return {};
}

std::optional<Problem> parse_limit(std::string_view text, const NumberRule& rule,
                                   std::uint64_t& value) {
  std::optional<Problem> wrong = parse_number(text, rule, value);
  if (wrong || value == 0 || value >= min_limit) return wrong;
  return in_quotes(text) + " is refused: some kernels refuse 1; use 0 for unlimited, or 2 and more";
}

// The parts between slashes, without empty ones and ".".
std::vector<std::string_view> path_parts(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t slash = std::min(text.find('/'), text.size());
    const std::string_view part = text.substr(0, slash);
    if (!part.empty() && part != ".") parts.push_back(part);
    text.remove_prefix(std::min(slash + 1, text.size()));
  }
  return parts;
}

}  // namespace

std::optional<Problem> parse_iops(std::string_view text, std::uint64_t& value) {
  return parse_limit(
      text, {max_iops, "a whole number without a suffix: 0 for unlimited, or 2 to 4294967294"},
      value);
}

std::optional<Problem> parse_bps(std::string_view text, std::uint64_t& value) {
  return parse_limit(text,
                     {max_bps,
                      "bytes per second (0 for unlimited), with or without one of the suffixes K, "
                      "M, G (1024), such as 100M",
                      true},
                     value);
}

std::optional<Problem> parse_seconds(std::string_view text, std::chrono::seconds& value) {
  std::uint64_t count = 0;
  std::optional<Problem> wrong =
      parse_number(text, {86400, "a whole number of seconds, 0 (off) to 86400"}, count);
  if (!wrong) value = std::chrono::seconds(count);
  return wrong;
}

std::optional<Problem> parse_half_life(std::string_view text, std::chrono::seconds& value) {
  constexpr std::uint64_t hour = 3600;
  const bool days = text.ends_with('d');
  const std::uint64_t unit = days ? 24 * hour : hour;
  constexpr std::string_view accepted = "hours or days: 1h to 720h, or 1d to 30d";
  if (!days && !text.ends_with('h'))
    return in_quotes(text) + " is no such time; write " + std::string(accepted);
  std::uint64_t count = 0;
  std::optional<Problem> wrong =
      parse_number(text.substr(0, text.size() - 1), {hour * 24 * 30 / unit, accepted}, count);
  if (!wrong && count == 0)
    wrong = in_quotes(text) + " is too short; write " + std::string(accepted);
  if (!wrong) value = std::chrono::seconds(count * unit);
  return wrong;
}

std::optional<Problem> parse_headroom(std::string_view text, std::uint64_t& value) {
  if (text.ends_with('%')) text.remove_suffix(1);
  return parse_number(text, {50, "a whole percentage, 0% to 50%"}, value);
}

std::optional<Problem> parse_weight(std::string_view text, std::uint64_t& value) {
  constexpr std::string_view accepted = "a whole number, 1 to 10000";
  std::optional<Problem> wrong = parse_number(text, {10000, accepted}, value);
  if (wrong || value != 0) return wrong;
  return in_quotes(text) + " is no weight; write " + std::string(accepted);
}

std::optional<Problem> parse_boolean(std::string_view text, bool& value) {
  return parse_enum<bool>(text,
                          {{"yes", true},
                           {"no", false},
                           {"true", true},
                           {"false", false},
                           {"on", true},
                           {"off", false},
                           {"1", true},
                           {"0", false}},
                          value);
}

std::optional<Problem> parse_words(std::string_view text, std::vector<std::string>& value) {
  value.clear();
  for (const std::string_view word : between_commas(text)) {
    if (word.find_first_of(white_space) != std::string_view::npos) {
      return in_quotes(word) +
             " holds white space, which no name does; put commas between the words";
    }
    value.emplace_back(word);
  }
  return {};
}

std::optional<Problem> parse_path(std::string_view text, std::string& value) {
  if (text.empty()) return "has no value; write an absolute path such as /data";
  if (text.front() != '/') {
    return in_quotes(text) + " is not an absolute path; write it from the root: /data";
  }
  value.clear();
  for (const std::string_view part : path_parts(text)) {
    if (part == "..") return in_quotes(text) + " holds '..'; write the path without it";
    value.append("/").append(part);
  }
  if (value.empty()) value = "/";
  return {};
}

std::optional<Problem> parse_paths(std::string_view text, std::vector<std::string>& value) {
  value.clear();
  for (const std::string_view one : between_commas(text)) {
    std::string path;
    std::optional<Problem> wrong = parse_path(one, path);
    if (wrong) return wrong;
    value.push_back(std::move(path));
  }
  return {};
}

std::optional<Problem> parse_socket(std::string_view text, std::string& value) {
  if (text == "auto" || text == "no") {
    value = text;
    return {};
  }
  if (!text.starts_with('/')) return in_quotes(text) + " is neither auto, no nor an absolute path";
  return parse_path(text, value);
}

std::optional<Problem> parse_metrics(std::string_view text, std::string& value) {
  value.clear();
  if (text.empty()) return {};
  if (text.front() == '/' && (!text.ends_with(".prom") || text.ends_with("/.prom"))) {
    return in_quotes(text) + " is not the name of a .prom file, and node_exporter reads no other";
  }
  return parse_path(text, value);
}

std::optional<Problem> parse_features(std::string_view text, std::string& value) {
  value.clear();
  if (text.empty()) return {};
  const std::string_view name = text.substr(text.rfind('/') + 1);
  if (text.front() == '/' && (name.empty() || name.front() == '.')) {
    return in_quotes(text) + " is not the name of a file that node-feature-discovery reads";
  }
  return parse_path(text, value);
}

std::optional<Problem> parse_name(std::string_view text, std::string& value) {
  if (text.empty()) return "has no value; write a name such as k8s.io";
  const bool good =
      is_alphanumeric(text.front()) && std::ranges::all_of(text, [](char letter) {
        return is_alphanumeric(letter) || letter == '.' || letter == '_' || letter == '-';
      });
  if (!good) {
    return in_quotes(text) +
           " is not a name; use letters, digits, '.', '_', '-', a letter or digit first";
  }
  value = text;
  return {};
}

std::optional<Problem> parse_names(std::string_view text, std::vector<std::string>& value) {
  value.clear();
  for (const std::string_view one : between_commas(text)) {
    std::optional<Problem> wrong = parse_name(one, value.emplace_back());
    if (wrong) return wrong;
  }
  if (value.empty()) return "has no value; write a name such as k8s.io";
  return {};
}

std::optional<Problem> parse_prefixes(std::string_view text, std::vector<std::string>& value) {
  value.clear();
  for (const std::string_view one : between_commas(text)) {
    if (!parse_name(one, value.emplace_back())) continue;
    return in_quotes(one) +
           " is not an annotation prefix; write what stands before the '/' of the annotation, "
           "such as iopslimit.org, or nothing for off";
  }
  return {};
}

std::optional<Problem> parse_standalone(std::string_view text, Standalone& value) {
  value = {};
  for (const std::string_view one : between_commas(text)) {
    bool docker = false;
    std::optional<Problem> wrong =
        parse_enum<bool>(one, {{"docker", true}, {"podman", false}}, docker);
    if (wrong) return wrong;
    (docker ? value.docker : value.podman) = true;
  }
  return {};
}

std::optional<Problem> parse_glob(std::string_view text, std::string& value) {
  if (text.empty()) return "has no value; write a pattern such as db-*, or remove the key";
  value = text;
  return {};
}

Problem unknown_word(std::string_view text, const std::vector<std::string_view>& accepted) {
  const std::string write = "; write one of: " + joined(accepted);
  if (text.empty()) return "has no value" + write;
  const auto nearest = nearest_name(text, accepted);
  return in_quotes(text) + " is not known" +
         (nearest ? "; did you mean '" + *nearest + "'? Accepted: " + joined(accepted) : write);
}

}  // namespace iopslimit
