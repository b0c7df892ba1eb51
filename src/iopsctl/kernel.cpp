// SPDX-License-Identifier: Apache-2.0
#include "iopsctl/kernel.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string_view>
#include <utility>
#include <variant>

#include "cgroup/tree_walk.hpp"
#include "config/files.hpp"
#include "limit/capabilities.hpp"
#include "policy/policy.hpp"
#include "runtime/runtimes.hpp"

namespace iopslimit {
namespace {

Config read_config(const std::string& file) {
  return build_config(read_configuration(file).entries).config;
}

// Returns "nvme0n1"; empty when sysfs has no name for it.
std::string link_of(Devnum device, const std::string& blocks) {
  std::error_code error;
  const auto link = std::filesystem::read_symlink(blocks + "/" + to_string(device), error);
  return error ? "" : link.filename().string();
}

// Returns "259:0 (nvme0n1)", or "259:0".
std::string describe(Devnum device, const std::string& blocks) {
  const std::string name = link_of(device, blocks);
  return to_string(device) + (name.empty() ? "" : " (" + name + ")");
}

std::optional<Devnum> number_in(const std::filesystem::path& folder) {
  std::ifstream file(folder / "dev");
  std::string text;
  std::getline(file, text);
  return parse_devnum(text);
}

// Adds the devices, and the whole disks of the partitions, that a device stands on.
void add_below(Devnum device, const std::string& blocks, std::set<Devnum>& found) {
  std::error_code error;
  const std::filesystem::path slaves(blocks + "/" + to_string(device) + "/slaves");
  for (const auto& slave : std::filesystem::directory_iterator(slaves, error)) {
    const bool partition = std::filesystem::exists(slave.path() / "partition", error);
    for (const auto& number :
         {number_in(slave.path()), partition ? number_in(slave.path() / "..") : std::nullopt}) {
      if (number && found.insert(*number).second) add_below(*number, blocks, found);
    }
  }
}

// The totals of the kubepods directories above the containers, as the kernel holds them.
std::vector<TotalView> totals_above(const std::set<std::string_view>& cgroups, RuleReader& rules) {
  std::set<std::string> folders;
  for (const std::string_view cgroup : cgroups) {
    for (auto end = cgroup.find('/', 1); end != std::string_view::npos;
         end = cgroup.find('/', end + 1)) {
      if (kind_of(cgroup.substr(0, end)) == CgroupKind::kubepods)
        folders.emplace(cgroup.substr(0, end));
    }
  }
  std::vector<TotalView> totals;
  for (const std::string& folder : folders) {
    auto held = rules.rules(folder);
    if (held && !held->empty()) totals.push_back({folder, std::move(*held)});
  }
  return totals;
}

void add(Limit& sum, const Limit& limit) {
  sum.read_iops += limit.read_iops;
  sum.write_iops += limit.write_iops;
}

DeviceView& device_of(Snapshot& snapshot, Devnum device, const std::string& blocks) {
  for (DeviceView& known : snapshot.devices) {
    if (known.devices.front() == device) return known;
  }
  DeviceView view;
  view.state = DeviceState::limited;
  view.text = "rules on " + describe(device, blocks);
  view.devices = {device};
  snapshot.devices.push_back(std::move(view));
  return snapshot.devices.back();
}

}  // namespace

Paths::Paths(const std::string& root)
    : config(root + IOPS_LIMITD_CONFIG),
      mountinfo(root + "/proc/self/mountinfo"),
      rules(root + "/run/iops-limitd/rules"),
      properties(root + "/run/iops-limitd/properties"),
      socket(root + "/run/iops-limitd/private"),
      blocks(root + "/sys/dev/block"),
      self(root + "/proc/self") {}

Kernel::Kernel(Paths paths)
    : paths_(std::move(paths)),
      config_(read_config(paths_.config)),
      hierarchy_(find_hierarchy(config_.cgroup_version, paths_.mountinfo)),
      io_(hierarchy_),
      rule_reader_(hierarchy_) {}

std::vector<ContainerPath> Kernel::containers() const {
  const bool process_leaves = !capabilities_of(hierarchy_.version).hierarchical;
  return list_containers(hierarchy_.root,
                         {.standalone = config_.standalone, .process_leaves = process_leaves});
}

Snapshot Kernel::snapshot() {
  Runtimes records(
      known_sources(known_record_folders(config_.state_folders, config_.containerd_namespaces),
                    config_.runtime, requested_by(config_)));
  Snapshot snapshot;
  snapshot.cgroup_version = capabilities_of(hierarchy_.version).cgroup_version;
  const std::vector<ContainerPath> present = containers();
  std::set<std::string_view> cgroups;
  for (const ContainerPath& path : present) cgroups.insert(path.cgroup);
  for (const ContainerPath& path : present) {
    if (cgroups.contains(process_leaf_of(path))) continue;  // the leaf is shown
    WorkloadView view;
    view.path = path;
    const RecordAnswer answer = records.read_whole(path);
    if (const auto* record = std::get_if<Record>(&answer)) {
      view.name = record->name;
      view.image = record->image;
      view.pod = record->pod;
      view.pod_namespace = record->pod_namespace;
      if (record->sandbox) view.state = State::sandbox;
    }
    view.rules = rule_reader_.rules(path.cgroup).value_or(std::vector<Rule>());
    if (!view.rules.empty()) view.state = State::limited;
    view.reason = view.rules.empty() ? "the kernel holds no rule" : "found in the kernel";
    for (const Rule& rule : view.rules)
      add(device_of(snapshot, rule.device, paths_.blocks).used, rule.limit);
    snapshot.containers.push_back(std::move(view));
  }
  snapshot.totals = totals_above(cgroups, rule_reader_);
  return snapshot;
}

std::vector<Stray> Kernel::strays(const std::vector<ContainerPath>& containers) const {
  if (capabilities_of(hierarchy_.version).hierarchical) return {};
  return iopslimit::strays(hierarchy_.root, containers);
}

void Kernel::mark_empty(std::vector<WorkloadView>& containers) const {
  for (WorkloadView& one : containers)
    one.empty = !one.rules.empty() && is_empty(hierarchy_.root, one.path.cgroup);
}

IoSample Kernel::sample(const std::vector<WorkloadView>& containers) {
  IoSample sample;
  sample.taken = std::chrono::steady_clock::now();
  for (const WorkloadView& one : containers) {
    if (auto done = io_.done(one.path.cgroup)) sample.of[one.path.cgroup] = std::move(*done);
  }
  return sample;
}

std::string Kernel::name_of(Devnum device) const {
  const std::string name = link_of(device, paths_.blocks);
  return name.empty() ? to_string(device) : name;
}

Disks Kernel::disks(const std::vector<Devnum>& limited) const {
  Disks disks;
  for (const Devnum device : limited) {
    disks.limited[device] = name_of(device);
    add_below(device, paths_.blocks, disks.below);
  }
  return disks;
}

NodeSample Kernel::sample(const std::vector<WorkloadView>& containers,
                          const std::vector<const WorkloadView*>& judged, const Disks& disks) {
  NodeSample all{.io = sample(containers)};
  for (const auto& [device, name] : disks.limited) {
    if (const auto stats = read_disk_stats(paths_.blocks, device)) all.disks[device] = *stats;
  }
  for (const WorkloadView* one : judged) {
    if (auto held = rules(one->path.cgroup)) all.in_force[one->path.cgroup] = std::move(*held);
  }
  return all;
}

}  // namespace iopslimit
