// SPDX-License-Identifier: Apache-2.0
#include "runtime/record_watcher.hpp"

#include <sys/inotify.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace iopslimit {
namespace {

constexpr std::uint32_t folder_mask =
    IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
constexpr std::uint32_t gone_mask = IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED;

// A file that was only just opened for writing is empty; when it is closed another event follows.
bool is_written(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 && status.st_size > 0;
}

}  // namespace

RecordWatcher::RecordWatcher(Inotify& inotify, std::function<void(const ContainerPath&)> ready)
    : inotify_(inotify), ready_(std::move(ready)) {}

void RecordWatcher::handle(int folder, std::uint32_t mask, std::string_view name) {
  for (const std::string& cgroup : concerned(folder, mask, name)) retry(cgroup, folder, mask, name);
}

// Returns copies, because the caller changes the maps afterwards.
std::vector<std::string> RecordWatcher::concerned(int folder, std::uint32_t mask,
                                                  std::string_view name) const {
  std::vector<std::string> cgroups;
  if ((mask & IN_Q_OVERFLOW) != 0) {
    for (const auto& entry : awaited_) cgroups.push_back(entry.first);
    return cgroups;
  }
  const auto found = folders_.find(folder);
  if (found == folders_.end()) return cgroups;
  const bool gone = (mask & gone_mask) != 0;
  const auto [begin, end] = gone ? std::pair(found->second.begin(), found->second.end())
                                 : found->second.equal_range(name);
  for (auto entry = begin; entry != end; ++entry) cgroups.push_back(entry->second);
  std::ranges::sort(cgroups);
  cgroups.erase(std::unique(cgroups.begin(), cgroups.end()), cgroups.end());
  return cgroups;
}

void RecordWatcher::retry(const std::string& cgroup, int folder, std::uint32_t mask,
                          std::string_view name) {
  const auto found = awaited_.find(cgroup);
  if (found == awaited_.end()) return;  // the callback for another container made it forgotten
  Awaited& awaited = found->second;
  const auto is_step = [&](const Step& step) {
    return step.is_file && step.folder == folder && step.name == name;
  };
  const bool is_file = std::ranges::any_of(awaited.steps, is_step);
  bool ready = is_file && (mask & (IN_CLOSE_WRITE | IN_MOVED_TO)) != 0;
  if (!is_file) place(awaited);
  if (!ready) {
    ready = std::ranges::any_of(awaited.files,
                                [](const RecordFile& file) { return is_written(file.path()); });
  }
  if (!ready) return;
  const ContainerPath container = awaited.container;  // ready_ may forget it
  ready_(container);
}

void RecordWatcher::await(const ContainerPath& container, std::vector<RecordFile> files) {
  Awaited& awaited = awaited_[container.cgroup];
  awaited.container = container;
  awaited.files = std::move(files);
  place(awaited);
}

// Adds the new steps before it removes the old ones, so that a folder in both stays watched.
void RecordWatcher::place(Awaited& awaited) {
  const std::vector<Step> old = std::exchange(awaited.steps, {});
  for (const RecordFile& file : awaited.files) place(file, awaited);
  for (const Step& step : old) leave(step, awaited.container.cgroup);
}

// Works from the root down and watches each folder before it checks the next one, so that a folder
// which appears in between raises an event.
void RecordWatcher::place(const RecordFile& file, Awaited& awaited) {
  std::string folder = file.root;
  int watch = inotify_.watch(folder, folder_mask);
  std::string_view rest = file.relative;
  while (watch >= 0) {
    const auto slash = rest.find('/');
    const std::string name(rest.substr(0, slash));
    const bool is_file = slash == std::string_view::npos;
    folder.append("/").append(name);
    const int next = is_file ? -1 : inotify_.watch(folder, folder_mask | IN_DONT_FOLLOW);
    if (next < 0) {
      folders_[watch].emplace(name, awaited.container.cgroup);
      awaited.steps.push_back({watch, name, is_file});
      return;
    }
    unwatch_if_unused(std::exchange(watch, next));
    rest.remove_prefix(slash + 1);
  }
}

void RecordWatcher::leave(const Step& step, const std::string& cgroup) {
  const auto folder = folders_.find(step.folder);
  if (folder == folders_.end()) return;
  const auto [begin, end] = folder->second.equal_range(step.name);
  const auto entry =
      std::find_if(begin, end, [&](const auto& one) { return one.second == cgroup; });
  if (entry != end) folder->second.erase(entry);
  if (!folder->second.empty()) return;
  folders_.erase(folder);
  unwatch_if_unused(step.folder);
}

void RecordWatcher::unwatch_if_unused(int folder) {
  if (!folders_.contains(folder)) inotify_.unwatch(folder);
}

void RecordWatcher::forget(const std::string& cgroup) {
  const auto found = awaited_.find(cgroup);
  if (found == awaited_.end()) return;
  const Awaited awaited = std::move(found->second);
  awaited_.erase(found);
  for (const Step& step : awaited.steps) leave(step, cgroup);
}

void RecordWatcher::forget_unless(const std::function<bool(const std::string&)>& known) {
  std::vector<std::string> gone;
  for (const auto& entry : awaited_) {
    if (!known(entry.first)) gone.push_back(entry.first);
  }
  for (const std::string& cgroup : gone) forget(cgroup);
}

}  // namespace iopslimit
