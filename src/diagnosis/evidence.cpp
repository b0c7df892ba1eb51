// SPDX-License-Identifier: Apache-2.0
#include "diagnosis/evidence.hpp"

#include <algorithm>

#include "api/snapshot.hpp"

namespace iopslimit {
namespace {

double seconds_between(const NodeSample& before, const NodeSample& after) {
  return std::chrono::duration<double>(after.io.taken - before.io.taken).count();
}

// A counter that went backwards belongs to another disk of the same number.
double grown(std::uint64_t before, std::uint64_t after) {
  return after < before ? 0 : static_cast<double>(after - before);
}

std::vector<User> biggest(std::vector<User> users) {
  constexpr std::size_t most = 3;
  std::ranges::sort(users,
                    [](const User& one, const User& other) { return one.iops > other.iops; });
  if (users.size() > most) users.resize(most);
  return users;
}

// Who does I/O on the device, and how much of the kind that `ios` tells.
template <class Ios>
std::vector<User> users_on(Devnum device, const Snapshot& snapshot, const NodeSample& first,
                           const NodeSample& last, bool pods_only, Ios ios) {
  std::vector<User> users;
  for (const WorkloadView& one : snapshot.containers) {
    if (pods_only && one.path.pod_uid.empty()) continue;
    const auto load = load_on(one.path.cgroup, device, first.io, last.io);
    if (load && ios(*load) > 0) users.push_back({shown_name(one), ios(*load)});
  }
  return users;
}

double sum_of(const std::vector<User>& users) {
  double sum = 0;
  for (const User& user : users) sum += user.iops;
  return sum;
}

DiskUse disk_use(Devnum device, const DiskStats& before, const DiskStats& after, double seconds) {
  constexpr double msec = 1000;
  DiskUse use{.device = device};
  const double ios =
      grown(before.read_ios, after.read_ios) + grown(before.write_ios, after.write_ios);
  const double waited =
      grown(before.read_msec, after.read_msec) + grown(before.write_msec, after.write_msec);
  use.iops = ios / seconds;
  use.busy = std::min(1.0, grown(before.io_ticks_msec, after.io_ticks_msec) / msec / seconds);
  if (ios > 0) use.wait_msec = waited / ios;
  use.hangs = ios == 0 && after.in_flight > 0;
  return use;
}

// The total of all pods on a device: what kubepods holds, or on v1 what the service shares.
Limit total_of(const Snapshot& snapshot, Devnum device) {
  for (const TotalView& total : snapshot.totals) {
    const auto rule = std::ranges::find(total.rules, device, &Rule::device);
    if (rule != total.rules.end()) return rule->limit;
  }
  for (const DeviceView& view : snapshot.devices) {
    if (std::ranges::find(view.devices, device) != view.devices.end())
      return symmetric(view.total_iops);
  }
  return {};
}

std::uint64_t limit_in(const NodeSample& sample, const std::string& cgroup, Devnum device,
                       std::uint64_t Limit::*value) {
  const auto rules = sample.in_force.find(cgroup);
  if (rules == sample.in_force.end()) return 0;
  const auto rule = std::ranges::find(rules->second, device, &Rule::device);
  return rule == rules->second.end() ? 0 : rule->limit.*value;
}

// One value on one device. A limit that is changed within a second was the lower one for a part of
// it.
KeyUse key_use(const WorkloadView& container, Devnum device, std::size_t key,
               const std::vector<const NodeSample*>& samples) {
  KeyUse use{.device = device, .key = key};
  const std::string& cgroup = container.path.cgroup;
  const LimitKey& which = limit_keys.at(key);
  for (std::size_t at = 1; at < samples.size(); ++at) {
    const auto load = load_on(cgroup, device, samples[at - 1]->io, samples[at]->io);
    use.rates.push_back(load ? (*load).*which.rate : 0);
    use.limits.push_back(std::min(limit_in(*samples[at - 1], cgroup, device, which.limit),
                                  limit_in(*samples[at], cgroup, device, which.limit)));
  }
  const std::vector<Rule>& rules = guarantees_of(container);
  const auto rule = std::ranges::find(rules, device, &Rule::device);
  // One that the service does not know of is nobody's to cut.
  use.configured = rule == rules.end() ? use.limits.back() : rule->limit.*which.limit;
  return use;
}

bool is_limited(const KeyUse& use) {
  return std::ranges::any_of(use.limits, [](std::uint64_t limit) { return limit != 0; });
}

std::vector<std::pair<Devnum, double>> elsewhere(const std::string& cgroup, const Disks& disks,
                                                 const NodeSample& first, const NodeSample& last) {
  std::vector<std::pair<Devnum, double>> others;
  for (const auto& [device, count] : last.io.of.at(cgroup).counts) {
    if (disks.limited.contains(device) || disks.below.contains(device)) continue;
    const auto load = load_on(cgroup, device, first.io, last.io);
    if (load && load->iops() > 0) others.emplace_back(device, load->iops());
  }
  std::ranges::sort(others,
                    [](const auto& one, const auto& other) { return one.second > other.second; });
  return others;
}

}  // namespace

NodeUse node_use(const Snapshot& snapshot, const Disks& disks,
                 const std::vector<NodeSample>& samples) {
  NodeUse node;
  const NodeSample& first = samples.front();
  const NodeSample& last = samples.back();
  for (const auto& [device, name] : disks.limited) {
    const Limit total = total_of(snapshot, device);
    for (const bool write : {false, true}) {
      const std::uint64_t value = write ? total.write_iops : total.read_iops;
      if (value == 0) continue;
      const auto ios = [write](const Load& load) {
        return write ? load.write_iops : load.read_iops;
      };
      auto users = users_on(device, snapshot, first, last, true, ios);
      const double used = sum_of(users);
      node.totals.push_back({device, write, used, value, biggest(std::move(users))});
    }
    const auto before = first.disks.find(device);
    const auto after = last.disks.find(device);
    if (before == first.disks.end() || after == last.disks.end()) continue;
    DiskUse disk = disk_use(device, before->second, after->second, seconds_between(first, last));
    auto users = users_on(device, snapshot, first, last, false,
                          [](const Load& load) { return load.iops(); });
    disk.name = name;
    disk.pods_iops = sum_of(users);
    disk.users = biggest(std::move(users));
    node.disks.push_back(std::move(disk));
  }
  return node;
}

ContainerUse measured(const WorkloadView& container, const Disks& disks,
                      const std::vector<NodeSample>& samples) {
  ContainerUse result;
  const std::string& cgroup = container.path.cgroup;
  std::vector<const NodeSample*> seen;
  for (const NodeSample& sample : samples) {
    if (sample.io.of.contains(cgroup)) seen.push_back(&sample);
  }
  if (seen.size() < 2) return result;
  const NodeSample& first = *seen.front();
  const NodeSample& last = *seen.back();
  std::vector<Devnum> devices;
  for (const auto& [device, name] : disks.limited) devices.push_back(device);
  result.seconds = seconds_between(first, last);
  WorkloadView everywhere = container;  // on all limited disks, not only on those with a rule
  everywhere.rules.clear();
  for (std::size_t at = 1; at < seen.size(); ++at)
    result.loads.push_back(
        load_of(everywhere, devices, seen[at - 1]->io, seen[at]->io).value_or(Load()));
  if (const auto load = load_of(everywhere, devices, first.io, last.io))
    result.stalled = load->stalled;
  for (const Devnum device : devices) {
    result.on[device] = load_on(cgroup, device, first.io, last.io).value_or(Load());
    for (std::size_t key = 0; key < limit_keys.size(); ++key) {
      KeyUse use = key_use(container, device, key, seen);
      if (is_limited(use)) result.keys.push_back(std::move(use));
    }
  }
  result.others = elsewhere(cgroup, disks, first, last);
  return result;
}

}  // namespace iopslimit
