// SPDX-License-Identifier: Apache-2.0
#include "host/record_watch.hpp"

#include <sys/inotify.h>

#include <string_view>
#include <utility>

#include "host/inotify.hpp"

namespace iopslimit {

RecordWatch::RecordWatch(std::function<void(const ContainerPath&)> ready)
    : ready_(std::move(ready)), inotify_(open_inotify()) {}

void RecordWatch::read_events() {
  read_inotify(inotify_.fd(), [this](int descriptor, std::uint32_t, std::string_view name) {
    handle(descriptor, std::string(name));
  });
}

void RecordWatch::handle(int descriptor, const std::string& name) {
  std::string id;
  if (const auto folder = folders_.find(descriptor); folder != folders_.end()) {
    const auto awaited = awaited_.find(name);
    if (awaited == awaited_.end()) return;
    watch_bundle(awaited->second, folder->second);
    id = name;
  } else if (const auto bundle = bundle_ids_.find(descriptor); bundle != bundle_ids_.end()) {
    if (name != "config.json") return;
    id = bundle->second;
  }
  const auto awaited = awaited_.find(id);
  if (awaited == awaited_.end()) return;
  const ContainerPath container = awaited->second.container;  // ready_ may forget it
  ready_(container);
}

void RecordWatch::await(const ContainerPath& container, const std::vector<std::string>& folders) {
  Awaited& awaited = awaited_[container.id];
  awaited.container = container;
  for (const std::string& folder : folders) {
    const int descriptor =
        inotify_add_watch(inotify_.fd(), folder.c_str(), IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
    if (descriptor < 0) continue;
    folders_[descriptor] = folder;
    watch_bundle(awaited, folder);
  }
}

void RecordWatch::watch_bundle(Awaited& awaited, const std::string& folder) {
  const std::string path = folder + "/" + awaited.container.id;
  const int descriptor = inotify_add_watch(
      inotify_.fd(), path.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO | IN_ONLYDIR | IN_DONT_FOLLOW);
  if (descriptor < 0) return;
  if (bundle_ids_.emplace(descriptor, awaited.container.id).second)
    awaited.bundles.push_back(descriptor);
}

void RecordWatch::forget(const std::string& cgroup) {
  if (awaited_.empty()) return;
  const auto container = parse_container_path(cgroup);
  const auto awaited = container ? awaited_.find(container->id) : awaited_.end();
  if (awaited == awaited_.end()) return;
  for (const int descriptor : awaited->second.bundles) {
    inotify_rm_watch(inotify_.fd(), descriptor);
    bundle_ids_.erase(descriptor);
  }
  awaited_.erase(awaited);
  if (awaited_.empty()) unwatch_folders();
}

void RecordWatch::forget_unless(const std::function<bool(const std::string&)>& known) {
  std::vector<std::string> gone;
  for (const auto& entry : awaited_) {
    const std::string& cgroup = entry.second.container.cgroup;
    if (!known(cgroup)) gone.push_back(cgroup);
  }
  for (const std::string& cgroup : gone) forget(cgroup);
}

void RecordWatch::unwatch_folders() {
  for (const auto& folder : folders_) inotify_rm_watch(inotify_.fd(), folder.first);
  folders_.clear();
}

}  // namespace iopslimit
