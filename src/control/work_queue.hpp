// SPDX-License-Identifier: Apache-2.0
// Work that may wait until a burst of new cgroups is over: one queue for each kind.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace iopslimit {

class WorkQueue {
 public:
  /// What carries out one piece of each kind, in the order of their priority.
  struct Workers {
    /// The cgroup had no limit file: the controller may be enabled a moment later.
    std::function<void(const std::string& cgroup)> retry;
    /// The total is to be divided again.
    std::function<void()> rebalance;
    /// Somebody else may have written to a limit file of the cgroup.
    std::function<void(const std::string& cgroup)> repair;
    /// The first rules of the cgroup were written and not read back.
    std::function<void(const std::string& cgroup)> verify;
    /// The cgroup may have no watch for changes by others yet.
    std::function<void(const std::string& cgroup)> follow;
    /// Delivers one event; false if there is none.
    std::function<bool()> announce;
    /// Reads one piece of a large record; false if there is more.
    std::function<bool(const std::string& cgroup)> read;
  };

  void set_workers(Workers workers) { workers_ = std::move(workers); }

  void retry(const std::string& cgroup) { retry_.push_back(cgroup); }
  void rebalance() { rebalance_ = true; }
  void repair(std::set<std::string> cgroups) { repair_.merge(cgroups); }
  void verify(const std::string& cgroup) { verify_.push_back(cgroup); }
  /// Replaces what is still to be followed.
  void follow(std::vector<std::string> cgroups) { follow_ = std::move(cgroups); }

  /// The container has a large record.
  void read(const std::string& cgroup) { unread_.insert(cgroup); }

  bool wants_rebalance() const { return rebalance_; }

  /// Carries out all retries. A cgroup that fails once more is not queued again: whoever enables
  /// the controller raises an event.
  void run_retries();
  /// Carries out everything that changes limits: the retries and the division of the total.
  void write_limits();
  /// Carries out the retries and one piece of other work. Returns false if there was none.
  bool run_one();
  /// Reads one piece of a large record. Returns false if there is none. It is not part of
  /// run_one(), because a drain at the start does not wait for it.
  bool read_one();
  bool has_unread() const { return !unread_.empty(); }
  /// Everything is done: gives back the memory of a large round.
  void shrink();

 private:
  Workers workers_;
  std::vector<std::string> retry_;
  bool rebalance_ = false;
  std::set<std::string> repair_;
  std::vector<std::string> verify_;
  std::vector<std::string> follow_;
  std::set<std::string> unread_;
  std::string reading_;  // one of unread_
};

}  // namespace iopslimit
