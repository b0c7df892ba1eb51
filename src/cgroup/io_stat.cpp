// SPDX-License-Identifier: Apache-2.0
#include "cgroup/io_stat.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace iopslimit {
namespace {

// Removes the text up to `separator`, and the separator, from the front. Returns the text before
// it.
std::string_view take(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const std::string_view front = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return front;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

IoCounts parse_io_stat(std::string_view text) {
  IoCounts counts;
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    const auto device = parse_devnum(take(line, ' '));
    if (!device) continue;
    IoCount& count = counts[*device];
    while (!line.empty()) {
      std::string_view value = take(line, ' ');
      const std::string_view key = take(value, '=');
      if (key == "rios") count.read_ios = number(value).value_or(0);
      if (key == "wios") count.write_ios = number(value).value_or(0);
      if (key == "rbytes") count.read_bytes = number(value).value_or(0);
      if (key == "wbytes") count.write_bytes = number(value).value_or(0);
    }
  }
  return counts;
}

IoCount count_on(const IoCounts& counts, Devnum device) {
  const auto found = counts.find(device);
  return found == counts.end() ? IoCount{} : found->second;
}

void add_blkio_counts(std::string_view text, bool ios, IoCounts& counts) {
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    const auto device = parse_devnum(take(line, ' '));
    const std::string_view what = take(line, ' ');
    const auto value = number(line);
    if (!device || !value) continue;
    IoCount& count = counts[*device];
    if (what == "Read") (ios ? count.read_ios : count.read_bytes) = *value;
    if (what == "Write") (ios ? count.write_ios : count.write_bytes) = *value;
  }
}

std::optional<std::uint64_t> parse_io_pressure(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    if (take(line, ' ') != "some") continue;
    while (!line.empty()) {
      std::string_view value = take(line, ' ');
      if (take(value, '=') == "total") return number(value);
    }
  }
  return std::nullopt;
}

}  // namespace iopslimit
