// SPDX-License-Identifier: Apache-2.0
#include "disk/disk_stats.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "loop/file.hpp"

namespace iopslimit {

std::optional<DiskStats> parse_disk_stats(std::string_view text) {
  DiskStats stats;
  std::uint64_t merges = 0;
  const std::array fields{&stats.read_ios,          &merges,
                          &stats.read_sectors,      &stats.read_msec,
                          &stats.write_ios,         &merges,
                          &stats.write_sectors,     &stats.write_msec,
                          &stats.in_flight,         &stats.io_ticks_msec,
                          &stats.time_in_queue_msec};
  for (std::uint64_t* const field : fields) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const auto end = std::from_chars(text.data(), text.data() + text.size(), *field);
    if (end.ec != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end.ptr - text.data()));
    if (!text.empty() && text.front() != ' ' && text.front() != '\n') return std::nullopt;
  }
  return stats;
}

Result<DiskStats> read_disk_stats(const std::string& blocks, Devnum device) {
  constexpr std::size_t most = 4096;  // a page, the most that sysfs gives
  const auto text = read_file(blocks + "/" + to_string(device) + "/stat", most);
  if (!text) return text.error();
  const auto stats = parse_disk_stats(*text);
  if (!stats) return std::make_error_code(std::errc::bad_message);
  return *stats;
}

}  // namespace iopslimit
