// SPDX-License-Identifier: Apache-2.0
#include "host/cgroup_io.hpp"

#include <fcntl.h>

#include <array>
#include <map>
#include <utility>

#include "core/io_max.hpp"
#include "host/cgroup_file.hpp"

namespace iopslimit {
namespace {

constexpr std::array<std::pair<const char*, std::uint64_t Limit::*>, 4> throttles{
    {{"blkio.throttle.read_iops_device", &Limit::read_iops},
     {"blkio.throttle.write_iops_device", &Limit::write_iops},
     {"blkio.throttle.read_bps_device", &Limit::read_bps},
     {"blkio.throttle.write_bps_device", &Limit::write_bps}}};

}  // namespace

CgroupIo::CgroupIo(const CgroupTree& tree)
    : version_(tree.version), root_(open_hierarchy(tree.root)) {}

bool CgroupIo::read(const std::string& cgroup, std::string_view file) {
  path_.assign(cgroup, 1);
  path_ += '/';
  path_ += file;
  std::error_code error;
  const File opened = open_at(root_.fd(), path_.c_str(), O_RDONLY | O_NOFOLLOW, error);
  return !error && !read_whole(opened.fd(), max_limit_file, text_, End::short_read);
}

std::optional<std::vector<Rule>> CgroupIo::rules(const std::string& cgroup) {
  std::map<Devnum, Limit> limits;
  if (version_ == CgroupVersion::v2) {
    if (!read(cgroup, "io.max")) return std::nullopt;
    for (const Devnum device : devices_in(text_)) limits[device] = parse_io_max(text_, device);
  } else {
    for (const auto& [file, value] : throttles) {
      if (!read(cgroup, file)) return std::nullopt;
      for (const Devnum device : devices_in(text_))
        limits[device].*value = parse_blkio(text_, device);
    }
  }
  std::vector<Rule> rules;
  for (const auto& [device, limit] : limits) {
    if (!limit.unlimited()) rules.push_back({device, limit});
  }
  return rules;
}

std::optional<IoCounts> CgroupIo::counts(const std::string& cgroup) {
  if (version_ == CgroupVersion::v2) {
    if (!read(cgroup, "io.stat")) return std::nullopt;
    return parse_io_stat(text_);
  }
  IoCounts counts;
  if (!read(cgroup, "blkio.throttle.io_serviced")) return std::nullopt;
  add_blkio_counts(text_, true, counts);
  if (!read(cgroup, "blkio.throttle.io_service_bytes")) return std::nullopt;
  add_blkio_counts(text_, false, counts);
  return counts;
}

std::optional<std::uint64_t> CgroupIo::stalled(const std::string& cgroup) {
  if (version_ == CgroupVersion::v1 || !read(cgroup, "io.pressure")) return std::nullopt;
  return parse_io_pressure(text_);
}

std::optional<IoDone> CgroupIo::done(const std::string& cgroup) {
  auto counted = counts(cgroup);
  if (!counted) return std::nullopt;
  return IoDone{std::move(*counted), stalled(cgroup)};
}

}  // namespace iopslimit
