// SPDX-License-Identifier: Apache-2.0
#include "cgroup/pressure_trigger.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <string_view>

#include "cgroup/control_file.hpp"

namespace iopslimit {
namespace {

using namespace std::string_view_literals;
constexpr std::string_view trigger = "some 10000 2000000\0"sv;  // with its zero, as the kernel asks

}  // namespace

PressureTrigger::PressureTrigger(const Hierarchy& tree, const std::string& cgroup) {
  if (tree.version != CgroupVersion::v2) return;
  const File root = open_hierarchy(tree.root);
  const std::string path = cgroup.substr(1) + "/io.pressure";
  auto file = open_at(root.fd(), path.c_str(), O_RDWR | O_NONBLOCK | O_NOFOLLOW);
  if (!file) return;
  if (write(file->fd(), trigger.data(), trigger.size()) != static_cast<ssize_t>(trigger.size()))
    return;
  file_ = *std::move(file);
}

}  // namespace iopslimit
