// SPDX-License-Identifier: Apache-2.0
// The kernel's counters of a block device, from its `stat` in sysfs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "disk/devnum.hpp"
#include "loop/result.hpp"

namespace iopslimit {

/// Documentation/block/stat.rst: all of it since the device exists. A request counts when it is
/// complete; one that io.max holds back is not yet a request, so none of the times includes that.
struct DiskStats {
  std::uint64_t read_ios = 0;
  std::uint64_t read_sectors = 0;  ///< of 512 bytes
  std::uint64_t read_msec = 0;     ///< the requests' waits, summed up
  std::uint64_t write_ios = 0;
  std::uint64_t write_sectors = 0;
  std::uint64_t write_msec = 0;
  std::uint64_t in_flight = 0;      ///< requests now
  std::uint64_t io_ticks_msec = 0;  ///< the time in which at least one request was in flight
  std::uint64_t time_in_queue_msec = 0;
  bool operator==(const DiskStats&) const = default;
};

/// Parses the text of a `stat` file. Its first eleven numbers are in every kernel; those of
/// discards (4.18) and flushes (5.5) that follow are ignored. Nothing for any other text.
std::optional<DiskStats> parse_disk_stats(std::string_view text);

/// Reads MAJOR:MINOR/stat below `blocks`, which is /sys/dev/block. Error:
/// no_such_file_or_directory for a device that is gone, or another of the system's own.
Result<DiskStats> read_disk_stats(const std::string& blocks, Devnum device);

}  // namespace iopslimit
