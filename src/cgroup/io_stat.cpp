// SPDX-License-Identifier: Apache-2.0
#include "cgroup/io_stat.hpp"

#include "loop/token.hpp"

namespace iopslimit {

IoCounts parse_io_stat(std::string_view text) {
  IoCounts counts;
  while (!text.empty()) {
    std::string_view line = take_token(text, '\n');
    const auto device = parse_devnum(take_token(line, ' '));
    if (!device) continue;
    IoCount& count = counts[*device];
    while (!line.empty()) {
      std::string_view value = take_token(line, ' ');
      const std::string_view key = take_token(value, '=');
      if (key == "rios") count.read_ios = whole_number(value).value_or(0);
      if (key == "wios") count.write_ios = whole_number(value).value_or(0);
      if (key == "rbytes") count.read_bytes = whole_number(value).value_or(0);
      if (key == "wbytes") count.write_bytes = whole_number(value).value_or(0);
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
    std::string_view line = take_token(text, '\n');
    const auto device = parse_devnum(take_token(line, ' '));
    const std::string_view what = take_token(line, ' ');
    const auto value = whole_number(line);
    if (!device || !value) continue;
    IoCount& count = counts[*device];
    if (what == "Read") (ios ? count.read_ios : count.read_bytes) = *value;
    if (what == "Write") (ios ? count.write_ios : count.write_bytes) = *value;
  }
}

std::optional<std::uint64_t> parse_io_pressure(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = take_token(text, '\n');
    if (take_token(line, ' ') != "some") continue;
    while (!line.empty()) {
      std::string_view value = take_token(line, ' ');
      if (take_token(value, '=') == "total") return whole_number(value);
    }
  }
  return std::nullopt;
}

}  // namespace iopslimit
