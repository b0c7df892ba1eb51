// SPDX-License-Identifier: Apache-2.0
#include "cgroup/io_meter.hpp"

#include <fcntl.h>

#include <utility>

#include "cgroup/control_file.hpp"

namespace iopslimit {

IoMeter::IoMeter(const Hierarchy& tree) : names_(tree.version), root_(open_hierarchy(tree.root)) {}

std::optional<IoCounts> IoMeter::read(const std::string& cgroup, const Names& names) {
  if (const auto found = kept_.find(cgroup); found != kept_.end()) {
    if (auto counts = parse(found->second)) return counts;
    kept_.erase(found);  // the cgroup is gone; there may be another one of the same name
  }
  Files files;
  if (!open(cgroup, names, files)) return std::nullopt;
  auto counts = parse(files);
  if (counts && kept_.size() < most_kept) kept_[cgroup] = std::move(files);
  return counts;
}

bool IoMeter::open(const std::string& cgroup, const Names& names, Files& files) {
  for (std::size_t i = 0; i < names.size() && !names[i].empty(); ++i) {
    path_.assign(cgroup, 1).append("/").append(names[i]);
    files[i] = open_at(root_.fd(), path_.c_str(), O_RDONLY | O_NOFOLLOW).value_or(File());
    if (!files[i]) return false;
  }
  return true;
}

std::optional<IoCounts> IoMeter::parse(const Files& files) {
  IoCounts counts;
  for (std::size_t i = 0; i < files.size() && files[i]; ++i) {
    if (read_whole(files[i].fd(), max_limit_file, text_, End::short_read)) return std::nullopt;
    names_.add(text_, i, counts);
  }
  return counts;
}

}  // namespace iopslimit
