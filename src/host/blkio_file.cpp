// SPDX-License-Identifier: Apache-2.0
#include "host/blkio_file.hpp"

#include <array>
#include <utility>

#include "core/io_max.hpp"
#include "host/cgroup_file.hpp"

namespace iopslimit {
namespace {

struct Throttle {
  const char* file;
  std::uint64_t Limit::*value;
};

// The order in which a new container meets them: IOPS first, they are what is usually set.
constexpr std::array<Throttle, 4> throttles{
    {{"blkio.throttle.read_iops_device", &Limit::read_iops},
     {"blkio.throttle.write_iops_device", &Limit::write_iops},
     {"blkio.throttle.read_bps_device", &Limit::read_bps},
     {"blkio.throttle.write_bps_device", &Limit::write_bps}}};

}  // namespace

BlkioFile::BlkioFile(const std::string& root) : root_(open_hierarchy(root)) {}

std::error_code BlkioFile::begin(const RulePlace& place, const Limit& limit) {
  return put(place, limit, true);
}

std::error_code BlkioFile::write(const RulePlace& place, const Limit& limit) {
  return put(place, limit, false);
}

// What is written is read back when all of it is: the container starts meanwhile.
std::error_code BlkioFile::put(const RulePlace& place, const Limit& limit, bool fresh) {
  std::array<File, throttles.size()> written;
  for (std::size_t i = 0; i < throttles.size(); ++i) {
    const std::uint64_t value = limit.*throttles[i].value;
    if (fresh && value == 0) continue;
    if (const auto error = write_one(place, throttles[i].file, value, fresh, written[i]))
      return error;
  }
  for (std::size_t i = 0; i < throttles.size(); ++i) {
    if (!written[i]) continue;
    if (const auto error = read_limit_file(written[i].fd(), text_)) return error;
    if (parse_blkio(text_, place.device) != limit.*throttles[i].value) return SinkError::not_held;
  }
  return {};
}

std::error_code BlkioFile::write_one(const RulePlace& place, const char* name, std::uint64_t value,
                                     bool fresh, File& written) {
  std::error_code error;
  File file = open_cgroup_file(root_.fd(), place.cgroup, name, path_, error);
  if (error) return error;
  if (!fresh) {
    if ((error = read_limit_file(file.fd(), text_))) return error;
    if (parse_blkio(text_, place.device) == value) return {};
  }
  if ((error = write_line(file.fd(), format_blkio(place.device, value)))) return error;
  written = std::move(file);
  return {};
}

std::optional<Limit> BlkioFile::read(const RulePlace& place) {
  Limit limit;
  for (const Throttle& throttle : throttles) {
    std::error_code error;
    const File file = open_cgroup_file(root_.fd(), place.cgroup, throttle.file, path_, error);
    if (error || read_limit_file(file.fd(), text_)) return std::nullopt;
    limit.*throttle.value = parse_blkio(text_, place.device);
  }
  return limit;
}

}  // namespace iopslimit
