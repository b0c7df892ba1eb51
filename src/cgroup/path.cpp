// SPDX-License-Identifier: Apache-2.0
#include "cgroup/path.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "cgroup/path_walk.hpp"
#include "loop/token.hpp"

namespace iopslimit {
namespace {

// A table takes half as many instructions as comparisons, and each path has 64 digits to look at.
constexpr auto lower_hex = [] {
  std::array<bool, 256> is{};
  for (const char digit : std::string_view("0123456789abcdef"))
    is[static_cast<unsigned char>(digit)] = true;
  return is;
}();

bool is_lower_hex(char c) {
  return lower_hex[static_cast<unsigned char>(c)];
}

ProcessLeaf leaf_of(const CgroupWalk& walk) {
  if (walk.at_process_leaf) return ProcessLeaf::itself;
  return walk.may_hold_process_leaf() ? ProcessLeaf::possible : ProcessLeaf::none;
}

// The texts of `walk` are parts of `cgroup`: they are copied before it is moved.
ContainerPath path_at(std::string cgroup, const CgroupWalk& walk) {
  ContainerPath path;
  path.kind = walk.kind;
  if (walk.kind == CgroupKind::pod || walk.kind == CgroupKind::container ||
      walk.kind == CgroupKind::unfamiliar) {
    path.id = walk.container.id;
    path.pod_uid = walk.pod_uid;
    path.qos = walk.qos;
    path.runtime = walk.container.runtime;
    path.leaf = leaf_of(walk);
    path.outside_pod = walk.outside_pod;
    // The kubelet writes a uid's dashes as underscores in a slice name (ToSystemd in
    // pkg/kubelet/cm); uids themselves contain no underscore.
    if (walk.uid_in_slice) std::ranges::replace(path.pod_uid, '_', '-');
  }
  path.cgroup = std::move(cgroup);
  return path;
}

std::string_view parent_of(std::string_view cgroup) {
  const auto slash = last_place(cgroup, '/');
  return slash == std::string_view::npos ? std::string_view() : cgroup.substr(0, slash);
}

}  // namespace

std::string_view to_string(QosClass qos) {
  switch (qos) {
    case QosClass::guaranteed:
      return "guaranteed";
    case QosClass::burstable:
      return "burstable";
    case QosClass::besteffort:
      return "besteffort";
    case QosClass::none:
      return "";
  }
  return "";
}

bool is_container_id(std::string_view text) {
  return text.size() == 64 && std::ranges::all_of(text, is_lower_hex);
}

CgroupKind kind_of(std::string_view cgroup, Standalone standalone) {
  return walk_cgroup(cgroup, standalone).kind;
}

ContainerPath parse_cgroup(std::string cgroup, Standalone standalone) {
  const CgroupWalk walk = walk_cgroup(cgroup, standalone);
  return path_at(std::move(cgroup), walk);
}

std::string_view pod_cgroup_of(const ContainerPath& path) {
  const std::string_view cgroup = path.cgroup;
  if (path.pod_uid.empty() || path.outside_pod) return {};
  if (path.id.empty()) return cgroup;
  const std::string_view scope = scope_of(path);
  return parent_of(scope.empty() ? cgroup : scope);
}

ContainerPath pod_of(const ContainerPath& container) {
  return {.cgroup = std::string(pod_cgroup_of(container)),
          .id = {},
          .pod_uid = container.pod_uid,
          .qos = container.qos,
          .kind = CgroupKind::pod};
}

std::string process_leaf_of(const ContainerPath& scope) {
  return std::string(scope.cgroup).append("/").append(process_leaf);
}

// The directory of a container itself never has the name of a process leaf.
std::string_view scope_of(const ContainerPath& path) {
  const std::string_view parent = parent_of(path.cgroup);
  const std::string_view name = std::string_view(path.cgroup).substr(parent.size());
  return name.ends_with(process_leaf) && name.size() == process_leaf.size() + 1
             ? parent
             : std::string_view();
}

}  // namespace iopslimit
