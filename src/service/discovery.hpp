// SPDX-License-Identifier: Apache-2.0
// Finds the containers: passes each cgroup with its runtime's record to the controller, and waits
// for records that are late.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cgroup/hierarchy.hpp"
#include "cgroup/tree_watcher.hpp"
#include "control/controller.hpp"
#include "control/preview.hpp"
#include "runtime/record_watcher.hpp"
#include "runtime/runtimes.hpp"
#include "service/pod_questions.hpp"

namespace iopslimit {

class Discovery {
 public:
  struct Handlers {
    std::function<void(const std::string& cgroup)> large;  ///< read_piece() is to be called later
    std::function<void()> handled;  ///< the controller has dealt with one more cgroup
    std::function<void(const std::string& cgroup)> vanished;
    std::function<void()> rescanned;  ///< the controller has dealt with a full listing
    std::function<void(const std::string& text)> warn;
  };

  /// `inotify` is for the records; its user calls read_record(). Finds nothing before rescan().
  /// Throws std::system_error.
  /// `questions` get the containers whose pods the runtime is to be asked about.
  Discovery(const Hierarchy& tree, Inotify& inotify, Controller& controller,
            PodQuestions& questions, Handlers handlers);

  int cgroups_fd() const { return tree_watcher_.fd(); }
  /// Handles the events of one read. Returns true if a new cgroup was among them.
  bool read_cgroups();
  /// See RecordWatcher::handle().
  void read_record(int folder, std::uint32_t mask, std::string_view name) {
    record_watcher_.handle(folder, mask, name);
  }
  /// Lists everything that exists now.
  void rescan();
  /// Puts a new configuration in force.
  void reconfigure(Config config);
  /// What another configuration would change. It must not outlive this.
  std::shared_ptr<Preview> preview(const Config& next, const DiskFacts& facts) const;
  /// Reads a piece of a container's large record; the last one counts. False if there is more.
  bool read_piece(const std::string& cgroup);
  /// Tries a cgroup without limit file again, now and when somebody enables its controller.
  void retry(const std::string& cgroup);
  /// See TreeWatcher::problem().
  std::string problem() const { return tree_watcher_.problem(); }

 private:
  const Node& node() const { return controller_.node(); }
  WatchOptions options_for(const Config& config) const;
  std::vector<ContainerPath> workloads_under(const Config& config) const;
  Preview::Read record_reader(const Config& config) const;
  TreeWalk walk(const Config& config, std::function<void(ContainerPath)> found) const;
  void appeared(ContainerPath path);
  void vanished(const ContainerPath& path);
  void await_record(const ContainerPath& path);
  Runtimes runtimes_for(const RecordFolders& folders, const Config& config) const;
  void want_facts(const SharedText& cgroup, const Record& record, bool is_new);
  void forget_gone_pods(const Listing& listing);
  void find_record_folders();
  Listing list(bool reread, std::vector<ContainerPath>& late);
  void listed(const std::vector<ContainerPath>& late);

  Controller& controller_;
  PodQuestions& questions_;
  Handlers handlers_;
  std::string root_;
  bool process_leaves_;
  RecordFolders folders_;
  Runtimes records_;
  RecordWatcher record_watcher_;
  TreeWatcher tree_watcher_;
  bool cgroup_came_ = false;  // among the events being read
};

}  // namespace iopslimit
