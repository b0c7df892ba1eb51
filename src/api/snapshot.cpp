// SPDX-License-Identifier: Apache-2.0
#include "api/snapshot.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace iopslimit {

std::size_t Snapshot::count(State state) const {
  return static_cast<std::size_t>(std::ranges::count(containers, state, &WorkloadView::state));
}

Summary summary_of(Snapshot snapshot) {
  Summary summary;
  for (const WorkloadView& one : snapshot.containers)
    ++summary.counts[static_cast<std::size_t>(one.state)];
  snapshot.containers.clear();
  summary.snapshot = std::move(snapshot);
  return summary;
}

std::vector<std::string> Snapshot::waiting() const {
  std::vector<std::string> why;
  for (const DeviceView& device : devices) {
    if (device.state != DeviceState::limited) why.push_back(device.text);
  }
  return why;
}

const std::vector<Rule>& guarantees_of(const WorkloadView& container) {
  const bool usable =
      !container.configured.empty() && container.configured.size() == container.rules.size();
  return usable ? container.configured : container.rules;
}

std::vector<Devnum> devices_of(const Snapshot& snapshot) {
  std::vector<Devnum> all;
  for (const DeviceView& device : snapshot.devices)
    all.insert(all.end(), device.devices.begin(), device.devices.end());
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

PodView* PodTable::add(const WorkloadView& container) {
  if (container.path.pod_uid.empty()) return nullptr;
  PodView& pod = by_uid_[container.path.pod_uid];
  pod.uid = container.path.pod_uid;
  pod.qos = container.path.qos;
  pod.cgroup = pod_cgroup_of(container.path);
  if (!container.pod.empty()) pod.pod = container.pod;
  if (!container.pod_namespace.empty()) pod.pod_namespace = container.pod_namespace;
  ++pod.counts[static_cast<std::size_t>(container.state)];
  return &pod;
}

std::vector<PodView*> PodTable::sorted() {
  std::vector<PodView*> pods;
  pods.reserve(by_uid_.size());
  for (auto& entry : by_uid_) pods.push_back(&entry.second);
  std::ranges::sort(pods, {}, [](const PodView* pod) {
    return std::tie(pod->pod_namespace, pod->pod, pod->uid);
  });
  return pods;
}

std::vector<PodView> pods_of(const std::vector<WorkloadView>& containers) {
  PodTable table;
  for (const WorkloadView& one : containers) {
    if (PodView* pod = table.add(one)) pod->containers.push_back(&one);
  }
  std::vector<PodView> pods;
  for (PodView* pod : table.sorted()) pods.push_back(std::move(*pod));
  return pods;
}

std::string shown_name(const WorkloadView& container) {
  constexpr std::size_t enough = 12;
  const ContainerPath& path = container.path;
  std::string name = container.name.empty() ? path.id.substr(0, enough) : container.name;
  if (path.pod_uid.empty()) return name;
  std::string pod =
      container.pod.empty() ? "pod " + path.pod_uid : container.pod_namespace + "/" + container.pod;
  return name.empty() ? pod : pod + "/" + name;
}

}  // namespace iopslimit
