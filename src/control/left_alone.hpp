// SPDX-License-Identifier: Apache-2.0
// Announces and counts the cgroups that look like containers
// and are not limited, so that nobody believes they are.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "cgroup/path.hpp"
#include "report/event_sink.hpp"

namespace iopslimit {

class LeftAlone {
 public:
  /// The most that are remembered and counted, so that nobody can use up the service's
  /// memory.
  static constexpr std::size_t most = 1000;

  explicit LeftAlone(EventSink& events) : events_(events) {}

  /// A directory whose kind is `unfamiliar`. Announces the first one of each folder.
  void add(const ContainerPath& path);
  /// A child of a limited container that holds processes and has no rule, where a limit does not
  /// hold for the cgroups below. Announces the first one of each container.
  void add_child(const ContainerPath& container, const std::string& child);
  /// A container that a user's own runtime made. Announces the first one of all users.
  void add_users_container(const std::string& cgroup);
  void forget(const std::string& cgroup) { cgroups_.erase(cgroup); }
  /// A full listing follows. What was announced is not announced again.
  void clear() { cgroups_.clear(); }

  std::size_t size() const { return cgroups_.size(); }

 private:
  bool is_first(const std::string& cgroup, std::string_view folder);

  EventSink& events_;
  std::set<std::string> cgroups_;
  std::set<std::string, std::less<>> announced_;  // folders
};

}  // namespace iopslimit
